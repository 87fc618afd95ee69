#include "herald/control/duration_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>

namespace herald::control {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest = std::chrono::days{366};

struct unit {
    std::string_view name;
    milliseconds length;
};
constexpr std::array units{
    unit{"ms", milliseconds{1}},        unit{"s", std::chrono::seconds{1}},
    unit{"m", std::chrono::minutes{1}}, unit{"h", std::chrono::hours{1}},
    unit{"d", std::chrono::days{1}},
};

const unit* find_unit(std::string_view name) {
    for (const auto& known : units) {
        if (known.name == name)
            return &known;
    }
    return nullptr;
}

/// Takes one number and its unit from the front of `text`.
std::optional<milliseconds> take(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto* found = find_unit(text.substr(0, text.find_first_of("0123456789")));
    if (found == nullptr)
        return std::nullopt;
    text.remove_prefix(found->name.size());
    // Beyond `longest` every number is as wrong as the next, and none may overflow.
    const auto most = static_cast<std::uint64_t>(longest / found->length) + 1;
    return found->length * static_cast<milliseconds::rep>(std::min(number, most));
}

} // namespace

std::expected<milliseconds, std::string> parse_duration(std::string_view text) {
    milliseconds sum{};
    auto rest = text;
    do {
        const auto part = take(rest);
        if (!part)
            return std::unexpected(fmt::format(
                "\"{}\" is not a duration such as \"500ms\", \"10m\" or \"1h30m\"", text));
        sum += *part;
        if (sum > longest)
            return std::unexpected(fmt::format("\"{}\" is more than 366 days", text));
    } while (!rest.empty());
    if (sum == milliseconds{})
        return std::unexpected(fmt::format("\"{}\" is no time at all", text));
    return sum;
}

std::optional<milliseconds> from_seconds(double count) {
    constexpr auto most = std::chrono::duration<double>(longest).count();
    if (!(count >= 0.001 && count <= most)) // so that it refuses a NaN
        return std::nullopt;
    return milliseconds{std::llround(count * 1000)};
}

std::string humanise(milliseconds duration) {
    using namespace std::chrono;
    if (duration <= milliseconds{})
        return "0s";
    if (duration < 1s)
        return fmt::format("{}ms", duration.count());
    const auto whole = duration_cast<seconds>(duration).count();
    if (whole < 60)
        return fmt::format("{}s", whole);
    if (whole < 3600)
        return fmt::format("{}m{:02}s", whole / 60, whole % 60);
    if (whole < 86400)
        return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
    return fmt::format("{}d{:02}h", whole / 86400, whole / 3600 % 24);
}

} // namespace herald::control
