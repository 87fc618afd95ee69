#include "values.hpp"

#include "herald/control/json_text.hpp"
#include "herald/text/duration.hpp"
#include "herald/text/time.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace heraldctl {

namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) {
    if (value.is_null())
        return "";
    if (value.is_string())
        return std::string(value.get_string());
    return herald::control::to_text(value);
}

} // namespace

std::string text_of(const json::object& object, std::string_view key) {
    return text_of(object.at(key));
}

std::string remote_as(const json::object& neighbor) {
    return neighbor.at("remote_as").is_null() ? "external" : text_of(neighbor, "remote_as");
}

bool flag(const json::object& object, std::string_view key) {
    return object.at(key).as_bool();
}

const json::array& list(const json::object& object, std::string_view key) {
    return object.at(key).as_array();
}

std::vector<std::string> texts(const json::object& object, std::string_view key) {
    std::vector<std::string> all;
    for (const auto& each : list(object, key))
        all.push_back(text_of(each));
    return all;
}

std::string joined(const std::vector<std::string>& texts) {
    return fmt::format("{}", fmt::join(texts, ", "));
}

std::string age(const json::object& object, std::string_view key) {
    const auto time = herald::text::from_rfc3339(text_of(object, key));
    if (!time)
        return "";
    const auto passed = std::chrono::system_clock::now() - *time;
    return herald::text::humanise(std::chrono::floor<std::chrono::seconds>(passed));
}

std::string duration(const json::object& object, std::string_view key) {
    if (object.at(key).is_null())
        return "";
    const std::chrono::duration<double> length{object.at(key).to_number<double>()};
    const auto rounded = std::chrono::round<std::chrono::milliseconds>(length);
    return length > rounded && rounded.count() == 0 ? "<1ms" : herald::text::humanise(rounded);
}

std::string age_and_time(const json::object& object, std::string_view key) {
    const auto passed = age(object, key);
    return passed.empty() ? "" : fmt::format("{}, since {}", passed, text_of(object, key));
}

tone tone_of(std::string_view state) {
    constexpr std::array<std::string_view, 5> good{"Established", "up", "active", "normal", "pass"};
    constexpr std::array<std::string_view, 4> warning{"degraded", "draining", "drained", "held"};
    constexpr std::array<std::string_view, 6> bad{"down",    "fail",   "none",
                                                  "Connect", "Active", "Idle"};
    if (std::ranges::find(good, state) != good.end())
        return tone::good;
    if (std::ranges::find(warning, state) != warning.end())
        return tone::warning;
    return std::ranges::find(bad, state) != bad.end() ? tone::bad : tone::plain;
}

} // namespace heraldctl
