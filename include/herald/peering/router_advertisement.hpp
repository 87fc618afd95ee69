#pragma once

#include "herald/wire/cursor.hpp"

#include <boost/asio/ip/address_v6.hpp>
#include <cstdint>
#include <optional>
#include <vector>

namespace herald::peering {

/// An ICMPv6 message, and what the kernel tells of its way. Its checksum is right.
struct router_arrival {
    boost::asio::ip::address_v6 from; // a link-local one carries its scope
    std::uint8_t hop_limit = 0;
    wire::octets octets;
};

/// Those by which routers are found, RFC 4861 §4.1 and §4.2. What else they say is not looked at.
enum class router_message : std::uint8_t { solicitation, advertisement };

/// ICMPv6's types of them.
inline constexpr std::uint8_t solicitation_type = 133;
inline constexpr std::uint8_t advertisement_type = 134;

/// None: it is another message, or not valid, RFC 4861 §6.1.
std::optional<router_message> decode(const router_arrival& arrival);

/// Who is to hear it: all routers on the link, or all nodes.
boost::asio::ip::address_v6 group_of(router_message message);

/// From a sender that is no default router: its lifetime is 0. The kernel fills in the checksum.
std::vector<std::uint8_t> encode(router_message message);

} // namespace herald::peering
