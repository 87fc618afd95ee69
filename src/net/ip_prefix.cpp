#include "herald/net/ip_prefix.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

namespace herald::net {
namespace {

std::optional<std::uint8_t> parse_length(std::string_view text) {
    std::uint8_t length = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return length;
}

/// An address and nothing else: Asio would look up what follows a "%", and stop at a NUL.
std::optional<boost::asio::ip::address> parse_address(std::string_view text) {
    constexpr std::string_view not_in_addresses("%\0", 2);
    if (text.find_first_of(not_in_addresses) != std::string_view::npos)
        return std::nullopt;
    boost::system::error_code error;
    auto address = boost::asio::ip::make_address(std::string(text), error);
    if (error)
        return std::nullopt;
    return address;
}

/// The octets of `address`, in network order, at the front of the array.
std::array<std::uint8_t, 16> octets_of(const boost::asio::ip::address& address) {
    if (address.is_v6())
        return address.to_v6().to_bytes();
    std::array<std::uint8_t, 16> octets{};
    std::ranges::copy(address.to_v4().to_bytes(), octets.begin());
    return octets;
}

} // namespace

ip_prefix::ip_prefix(address_family family, std::span<const std::uint8_t> octets,
                     std::uint8_t length)
    : family_(family)
    , length_(length) {
    const auto needed = octets_of_prefix(length);
    std::ranges::copy(octets.first(std::min(octets.size(), needed)), octets_.begin());
    if (length % 8 != 0)
        octets_[needed - 1] &= static_cast<std::uint8_t>(0xFFU << (8U - length % 8U));
}

std::expected<ip_prefix, std::string> ip_prefix::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = parse_address(text.substr(0, slash));
    if (!address)
        return std::unexpected("not a prefix: expected an address and a length, such as "
                               "192.0.2.0/24 or 2001:db8::/48");

    const auto family = address->is_v4() ? address_family::ipv4 : address_family::ipv6;
    const auto longest = max_prefix_length(family);
    if (slash == std::string_view::npos)
        return std::unexpected("a prefix needs a length: " + address->to_string() + "/" +
                               std::to_string(longest) + " is this one address");
    const auto length = parse_length(text.substr(slash + 1));
    if (!length || *length > longest)
        return std::unexpected("the length of an " + std::string(to_string(family)) +
                               " prefix is 0 to " + std::to_string(longest));

    const auto octets = octets_of(*address);
    const ip_prefix prefix(family, octets, *length);
    if (prefix.octets_ != octets)
        return std::unexpected("host bits are not zero: the prefix of this length is " +
                               to_string(prefix));
    return prefix;
}

boost::asio::ip::address ip_prefix::address() const {
    if (family_ == address_family::ipv6)
        return boost::asio::ip::address_v6(octets_);
    return boost::asio::ip::address_v4({octets_[0], octets_[1], octets_[2], octets_[3]});
}

std::string to_string(const ip_prefix& prefix) {
    return prefix.address().to_string() + "/" + std::to_string(prefix.length());
}

} // namespace herald::net
