#include "herald/text/harmless.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <iterator>

namespace herald::text {
namespace {

/// A character and how many octets it takes; 0 octets when the text is not well-formed.
struct character {
    std::uint32_t code = 0;
    std::size_t size = 0;
};

bool is_continuation(char octet) {
    return (static_cast<unsigned char>(octet) & 0xC0U) == 0x80U;
}

/// What the first octet says of the length, RFC 3629 §3; 0 when no character begins with it.
std::size_t announced_size(unsigned char first) {
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/// The first character of `text`, which is not empty.
character decode(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    const auto size = announced_size(first);
    if (size == 1)
        return {first, 1};
    if (size == 0 || size > text.size())
        return {};
    std::uint32_t code = first & (0x7FU >> size);
    for (const char octet : text.substr(1, size - 1)) {
        if (!is_continuation(octet))
            return {};
        code = (code << 6U) | (static_cast<unsigned char>(octet) & 0x3FU);
    }
    // Overlong forms, surrogates and what lies beyond the last plane, RFC 3629 §3.
    if ((size == 3 && code < 0x800) || (size == 4 && code < 0x10000) || code > 0x10FFFF ||
        (code >= 0xD800 && code <= 0xDFFF))
        return {};
    return {code, size};
}

bool is_harmful(std::uint32_t code) {
    const bool control = code < 0x20 || (code >= 0x7F && code <= 0x9F);
    const bool separator = code == 0x2028 || code == 0x2029;
    // The controls and marks of the bidirectional algorithm, UAX #9 §2.
    const bool direction = code == 0x061C || code == 0x200E || code == 0x200F ||
                           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    return control || separator || direction;
}

/// What stands in a JSON string as it is, and is most of what is written.
bool is_plain(char octet) {
    return octet >= ' ' && octet < 0x7F && octet != '"' && octet != '\\';
}

/// One character in a JSON string, RFC 8259 §7.
void append_escaped(std::string& out, std::uint32_t code, std::string_view octets) {
    switch (code) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
    }
    // None that is harmful lies beyond the first plane, so four digits are enough.
    if (is_harmful(code))
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    else
        out += octets;
}

} // namespace

std::string_view cut(std::string_view text, std::size_t limit) {
    if (text.size() <= limit)
        return text;
    while (limit > 0 && is_continuation(text[limit]))
        --limit;
    return text.substr(0, limit);
}

std::string harmless(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const auto [code, size] = decode(text);
        if (size == 1 && (code == '\t' || code == '\n' || code == '\r'))
            result.push_back(' ');
        else if (size == 0 || is_harmful(code))
            result.push_back('?');
        else
            result.append(text.substr(0, size));
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return result;
}

bool is_harmless(std::string_view text) {
    return harmless(text) == text;
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    while (true) {
        const auto plain = std::ranges::find_if_not(text, is_plain) - text.begin();
        out.append(text.substr(0, static_cast<std::size_t>(plain)));
        text.remove_prefix(static_cast<std::size_t>(plain));
        if (text.empty())
            break;
        const auto [code, size] = decode(text);
        if (size == 0)
            out += "\xef\xbf\xbd";
        else
            append_escaped(out, code, text.substr(0, size));
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    out += '"';
}

std::string quoted(std::string_view text) {
    std::string result;
    append_quoted(result, text);
    return result;
}

} // namespace herald::text
