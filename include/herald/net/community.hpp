#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace herald::net {

/// A community, RFC 1997: the AS in the upper 16 bits, a value in the lower.
enum class community : std::uint32_t {
    graceful_shutdown = 0xFFFF0000,   // RFC 8326
    blackhole = 0xFFFF029A,           // RFC 7999
    no_export = 0xFFFFFF01,           // RFC 1997
    no_advertise = 0xFFFFFF02,        // RFC 1997
    no_export_subconfed = 0xFFFFFF03, // RFC 1997
    no_peer = 0xFFFFFF04,             // RFC 3765
};

/// A large community, RFC 8092.
struct large_community {
    std::uint32_t administrator = 0;
    std::uint32_t data_1 = 0;
    std::uint32_t data_2 = 0;

    friend constexpr auto operator<=>(const large_community&, const large_community&) = default;
};

/// An extended community as its eight octets in network order, RFC 4360.
enum class extended_community : std::uint64_t {};

/// Reads "64500:100" or a well-known name such as "no-export".
std::expected<community, std::string> parse_community(std::string_view text);

/// Reads "65010:1:2", each part 0 to 4294967295.
std::expected<large_community, std::string> parse_large_community(std::string_view text);

/// Reads "rt:65010:100" or "soo:…"; the administrator is a two-octet AS (value up to 32 bits), a
/// four-octet AS or an IPv4 address (value up to 16 bits), RFC 4360 §3, RFC 5668.
std::expected<extended_community, std::string> parse_extended_community(std::string_view text);

std::string to_string(community value);
std::string to_string(const large_community& value);
std::string to_string(extended_community value);

} // namespace herald::net
