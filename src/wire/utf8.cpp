#include "herald/wire/utf8.hpp"

#include <algorithm>
#include <cstdint>

namespace herald::wire {
namespace {

/// A character and how many octets it takes; 0 octets where the text is not well-formed.
struct character {
    std::uint32_t code = 0;
    std::size_t size = 0;
};

bool is_continuation(char octet) {
    return (static_cast<unsigned char>(octet) & 0xC0U) == 0x80U;
}

/// What the first octet says of the length, RFC 3629 §3; 0 where no character begins with it.
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

bool is_harmless(std::uint32_t code) {
    const bool control = code < 0x20 || (code >= 0x7F && code <= 0x9F);
    const bool separator = code == 0x2028 || code == 0x2029;
    const bool direction = code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
                           (code >= 0x2066 && code <= 0x2069);
    return !control && !separator && !direction;
}

} // namespace

std::string_view cut_utf8(std::string_view text, std::size_t limit) {
    if (text.size() <= limit)
        return text;
    while (limit > 0 && is_continuation(text[limit]))
        --limit;
    return text.substr(0, limit);
}

std::string harmless_utf8(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const auto [code, size] = decode(text);
        if (size != 0 && is_harmless(code))
            result.append(text.substr(0, size));
        else
            result.push_back('?');
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return result;
}

} // namespace herald::wire
