#include "base64.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace herald::fleet {

namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t group = 4; // digits, for three octets
constexpr std::uint8_t no_digit = 64;

/// What each octet is worth as a digit.
constexpr auto worth = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < digits.size(); ++i)
        values[static_cast<std::uint8_t>(digits[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

} // namespace

std::string to_base64(std::string_view octets) {
    std::string text;
    text.reserve((octets.size() + 2) / 3 * group);
    for (; !octets.empty(); octets.remove_prefix(std::min<std::size_t>(octets.size(), 3))) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8U | (i < octets.size() ? static_cast<std::uint8_t>(octets[i]) : 0U);
        for (std::size_t i = 0; i < group; ++i)
            text += i <= octets.size() ? digits[bits >> (18 - 6 * i) & 0x3fU] : '=';
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % group != 0)
        return std::nullopt;
    const auto padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::string octets;
    octets.reserve(text.size() / group * 3);
    std::uint32_t bits = 0;
    const auto count = text.size() - static_cast<std::size_t>(padding);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto value = i < count ? worth[static_cast<std::uint8_t>(text[i])] : std::uint8_t{0};
        if (value == no_digit)
            return std::nullopt;
        bits = bits << 6U | value;
        if (i % group == group - 1)
            for (const auto shift : {16U, 8U, 0U})
                octets += static_cast<char>(bits >> shift & 0xffU);
    }
    octets.erase(octets.end() - padding, octets.end());
    return octets;
}

} // namespace herald::fleet
