#pragma once

#include "herald/net/address_family.hpp"

#include <array>
#include <boost/asio/ip/address.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace herald::net {

/// How many octets a prefix of this length takes on the wire, RFC 4271 §4.3.
constexpr std::size_t octets_of_prefix(std::uint8_t length) {
    return (length + 7U) / 8U;
}

/// An IPv4 or IPv6 prefix whose host bits are zero. Ordered by family, address, length.
class ip_prefix {
public:
    /// 0.0.0.0/0.
    constexpr ip_prefix() = default;

    /// The prefix of these octets, most significant first; octets beyond them are zero, bits
    /// beyond `length` are cleared. `length` must be at most max_prefix_length(family), and
    /// `octets` no longer than an address of the family.
    ip_prefix(address_family family, std::span<const std::uint8_t> octets, std::uint8_t length);

    /// Reads "192.0.2.0/24". The error says what is wrong and what would be right: not a prefix,
    /// no length, a length over 32 or 128, host bits that are not zero.
    static std::expected<ip_prefix, std::string> parse(std::string_view text);

    address_family family() const { return family_; }
    std::uint8_t length() const { return length_; }
    boost::asio::ip::address address() const;

    /// The octets that go on the wire, as many as `length` needs, RFC 4271 §4.3.
    std::span<const std::uint8_t> octets() const {
        return std::span(octets_).first(octets_of_prefix(length_));
    }

    friend constexpr auto operator<=>(const ip_prefix&, const ip_prefix&) = default;

private:
    address_family family_ = address_family::ipv4;
    std::array<std::uint8_t, 16> octets_{};
    std::uint8_t length_ = 0;
};

std::string to_string(const ip_prefix& prefix);

} // namespace herald::net
