#pragma once

#include "herald/bgp/next_hops.hpp"

#include <boost/asio/ip/address.hpp>

namespace herald::peering {

/// Finds the interface that has `local` and its first addresses of each kind. Loopback addresses
/// count only where the session itself runs over one.
bgp::interface_addresses addresses_beside(const boost::asio::ip::address& local);

} // namespace herald::peering
