#pragma once

#include "herald/net/address_family.hpp"
#include "herald/peering/interface_addresses.hpp"
#include "herald/peering/peering_settings.hpp"
#include "herald/wire/attributes.hpp"

#include <boost/asio/ip/address.hpp>
#include <expected>
#include <string>

namespace herald::peering {

/// The next hop for prefixes of `family` in a session that runs from `local`: the configured one,
/// else the session's own address, else (RFC 8950 where `extended`) an address of the interface
/// that carries the session. The error says why there is none. Over a link-local session the
/// link-local address is sent beside the global one, RFC 2545 §3.
std::expected<wire::next_hop, std::string> choose_next_hop(net::address_family family,
                                                           const neighbor_settings& settings,
                                                           const boost::asio::ip::address& local,
                                                           const interface_addresses& beside,
                                                           bool extended);

} // namespace herald::peering
