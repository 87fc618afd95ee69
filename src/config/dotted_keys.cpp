#include "herald/config/dotted_keys.hpp"

#include <algorithm>

namespace herald::config {
namespace {

constexpr std::size_t most_dots = 7;

/// The end of the string that begins at `begin` with `quote`. Of a faulty string, some place: the
/// parser stops there anyway.
std::size_t end_of_string(std::string_view text, std::size_t begin, char quote) {
    const std::string_view three = quote == '"' ? R"(""")" : "'''";
    const bool long_form = text.substr(begin, 3) == three;
    std::size_t at = begin + (long_form ? 3 : 1);
    while (at < text.size()) {
        if (text[at] == '\\' && quote == '"')
            at += 2;
        else if (!long_form && (text[at] == quote || text[at] == '\n'))
            return at + 1;
        else if (long_form && text.substr(at, 3) == three) {
            // Up to two quotes may stand before the closing three.
            const auto end = text.find_first_not_of(quote, at);
            return std::min(end, std::min(at + 5, text.size()));
        } else
            ++at;
    }
    return text.size();
}

place place_at(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
    const auto line_break = before.rfind('\n');
    return {line, line_break == std::string_view::npos ? offset + 1 : offset - line_break};
}

} // namespace

std::optional<place> find_deep_key(std::string_view text) {
    constexpr std::string_view key_ends = "=,[]{}\n";
    std::size_t dots = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const char here = text[at];
        if (here == '#') {
            at = std::min(text.find('\n', at), text.size());
            continue;
        }
        if (here == '"' || here == '\'') {
            at = end_of_string(text, at, here);
            continue;
        }
        if (key_ends.contains(here))
            dots = 0;
        else if (here == '.' && ++dots > most_dots)
            return place_at(text, at);
        ++at;
    }
    return std::nullopt;
}

} // namespace herald::config
