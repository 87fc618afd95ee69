#pragma once

#include "herald/net/address_family.hpp"
#include "herald/wire/attributes.hpp"

#include <boost/asio/ip/address.hpp>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace herald::bgp {

/// The addresses of the interface that carries a session, as next hops.
struct interface_addresses {
    std::string name; // empty: no interface has the session's address
    std::optional<boost::asio::ip::address_v4> ipv4;
    std::optional<boost::asio::ip::address_v6> ipv6; // global
    std::optional<boost::asio::ip::address_v6> link_local;
    std::error_code unreadable{}; // why the interfaces could not be looked at
    friend bool operator==(const interface_addresses&, const interface_addresses&) = default;
};

/// `next_hop` and `next_hop_ipv6` of a neighbor.
struct configured_next_hops {
    std::optional<boost::asio::ip::address_v4> ipv4; // for IPv4 prefixes
    std::optional<boost::asio::ip::address_v6> ipv6; // for IPv6 prefixes
    friend bool operator==(const configured_next_hops&, const configured_next_hops&) = default;
};

/// The next hop for prefixes of `family` in a session that runs from `local`: the configured one,
/// else the session's own address, else (RFC 8950 where `extended`) an address of the interface
/// that carries the session. The error says why there is none. Over a link-local session the
/// link-local address is sent beside the global one, RFC 2545 §3.
std::expected<wire::next_hop, std::string> choose_next_hop(net::address_family family,
                                                           const configured_next_hops& configured,
                                                           const boost::asio::ip::address& local,
                                                           const interface_addresses& beside,
                                                           bool extended);

/// The next hops of one session.
class next_hops {
public:
    /// Finds them for these families. Returns the problems that are new.
    std::vector<std::string> find(net::family_set families, const configured_next_hops& configured,
                                  const boost::asio::ip::address& local,
                                  const interface_addresses& beside, bool extended);
    void clear();

    const std::map<net::address_family, wire::next_hop>& by_family() const { return by_family_; }
    /// Why families are not announced, a line each.
    const std::vector<std::string>& problems() const { return problems_; }

private:
    std::map<net::address_family, wire::next_hop> by_family_;
    std::vector<std::string> problems_;
};

} // namespace herald::bgp
