#include "herald/control/list_text.hpp"

#include "herald/control/json_text.hpp"

#include <charconv>
#include <fmt/format.h>
#include <limits>

namespace herald::control {

namespace {

constexpr std::size_t most_at_once = 10'000; // that a page may be asked to have

std::optional<std::size_t> parse_limit(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number == 0 ||
        number > most_at_once)
        return std::nullopt;
    return number;
}

} // namespace

std::expected<page, std::string> take_page(std::vector<parameter>& parameters) {
    // Half of what there is: one more can be asked for.
    page asked{.limit = std::numeric_limits<std::size_t>::max() / 2, .after = {}};
    std::vector<parameter> others;
    for (auto& given : parameters) {
        if (given.name == "after") {
            asked.after = std::move(given.value);
        } else if (given.name != "limit") {
            others.push_back(std::move(given));
        } else if (const auto limit = parse_limit(given.value)) {
            asked.limit = *limit;
        } else {
            return std::unexpected(fmt::format("\"limit\" must be 1 to {}", most_at_once));
        }
    }
    parameters = std::move(others);
    return asked;
}

list_text::list_text(std::string_view key) : text_(fmt::format("{{\"{}\":[", key)) {}

void list_text::add(const boost::json::value& item) {
    if (count_++ > 0)
        text_ += ',';
    append_text(text_, item);
}

response list_text::end(const std::optional<std::string>& next) && {
    text_ += "],\"next\":";
    append_text(text_, next ? boost::json::value(*next) : boost::json::value(nullptr));
    text_ += "}\n";
    return {.body = std::move(text_)};
}

} // namespace herald::control
