#pragma once

#include "herald/bfd/session_settings.hpp"
#include "herald/bgp/export_settings.hpp"
#include "herald/bgp/session_settings.hpp"

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace herald::peering {

/// BFD beside a BGP session, RFC 5882. `strict` is the session's, bgp::session_settings.
struct bfd_settings {
    bfd::session_settings session;
    std::optional<bool> multihop; // RFC 5883; default: as the neighbor is reached
    friend bool operator==(const bfd_settings&, const bfd_settings&) = default;
};

/// One neighbor: how it is reached, what the session is, what it hears.
struct neighbor_settings {
    std::string name;
    std::string description;
    /// The link on which it is, where it has no address in the configuration: `address` is then
    /// that of the router that was found there, or unspecified.
    std::string interface;
    boost::asio::ip::address address; // a link-local one carries its scope
    std::optional<boost::asio::ip::address> local_address;
    std::uint16_t port = 179;
    bool passive = false;
    bool shutdown = false;
    std::string password;                     // TCP MD5, RFC 2385; empty: none. Never shown
    std::optional<std::uint8_t> ttl_security; // hops, RFC 5082
    std::optional<std::uint8_t> multihop;     // TTL sent; default: 1 on eBGP, 255 on iBGP
    std::optional<boost::asio::ip::address_v4> next_hop;      // for IPv4 prefixes
    std::optional<boost::asio::ip::address_v6> next_hop_ipv6; // for IPv6 prefixes
    std::optional<bfd_settings> bfd;
    bgp::session_settings session;
    bgp::export_settings policy;

    friend bool operator==(const neighbor_settings&, const neighbor_settings&) = default;
};

inline bool is_found(const neighbor_settings& settings) {
    return !settings.address.is_unspecified();
}

/// Whether a session that was begun with the settings `now` can go on with `next`. What BGP and TCP
/// fix when a session begins cannot change in it; attributes, descriptions and the pace of dialling
/// can, and an administrative shutdown and BFD's pace are not the session's concern.
bool session_goes_on(neighbor_settings now, const neighbor_settings& next);

/// Where sessions are accepted; nowhere by default.
struct listen_settings {
    std::vector<boost::asio::ip::address> addresses;
    std::uint16_t port = 179;
    friend bool operator==(const listen_settings&, const listen_settings&) = default;
};

} // namespace herald::peering
