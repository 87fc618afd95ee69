#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/system/error_code.hpp>
#include <optional>
#include <string>

namespace herald::peering {

/// The addresses of the interface that carries a session, as next hops.
struct interface_addresses {
    std::string name; // empty: no interface has the session's address
    std::optional<boost::asio::ip::address_v4> ipv4;
    std::optional<boost::asio::ip::address_v6> ipv6; // global
    std::optional<boost::asio::ip::address_v6> link_local;
    boost::system::error_code unreadable{}; // why the interfaces could not be looked at
};

/// Finds the interface that has `local` and its first addresses of each kind. Loopback addresses
/// count only where the session itself runs over one.
interface_addresses addresses_beside(const boost::asio::ip::address& local);

} // namespace herald::peering
