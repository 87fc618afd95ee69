#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <doctest/doctest.h>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace herald::test {

using bytes = std::vector<std::uint8_t>;

/// Bytes from rows of hexadecimal digits: one field a line, blanks anywhere, "#" begins a comment.
inline bytes hex(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    bytes result;
    bool comment = false, half = false;
    for (const char each : text) {
        comment = each == '\n' ? false : comment || each == '#';
        if (comment || each == ' ' || each == '\n')
            continue;
        const auto digit = digits.find(each);
        if (digit == std::string_view::npos)
            throw std::invalid_argument("not a hexadecimal digit");
        if (half)
            result.back() = static_cast<std::uint8_t>(result.back() * 16U + digit);
        else
            result.push_back(static_cast<std::uint8_t>(digit));
        half = !half;
    }
    if (half)
        throw std::invalid_argument("half an octet");
    return result;
}

inline std::string to_hex(std::span<const std::uint8_t> octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    for (const auto octet : octets) {
        result += digits[octet / 16U];
        result += digits[octet % 16U];
    }
    return result;
}

inline bytes join(std::initializer_list<bytes> parts) {
    bytes result;
    for (const auto& part : parts)
        result.insert(result.end(), part.begin(), part.end());
    return result;
}

inline bytes repeat(const bytes& part, std::size_t count) {
    bytes result;
    for (std::size_t i = 0; i < count; ++i)
        result.insert(result.end(), part.begin(), part.end());
    return result;
}

inline bytes number_16(std::size_t value) {
    return {static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
}

/// A message of a type around `body`, RFC 4271 §4.1.
inline bytes message(std::uint8_t type, const bytes& body) {
    return join({bytes(16, 0xFF), number_16(19 + body.size()), {type}, body});
}

/// The body of a message.
inline std::span<const std::uint8_t> body_of(const bytes& whole) {
    return std::span(whole).subspan(19);
}

/// Calls `function` with the first 0, 1, … octets of `whole`, each time in memory of just that
/// size, so that a read past the end is found by AddressSanitizer; never with all of them.
template <typename Function>
void for_each_cut(std::span<const std::uint8_t> whole, Function function) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        CAPTURE(size);
        function(std::span<const std::uint8_t>(cut));
    }
}

} // namespace herald::test

template <>
struct doctest::StringMaker<herald::test::bytes> {
    static doctest::String convert(const herald::test::bytes& value) {
        return herald::test::to_hex(value).c_str();
    }
};
