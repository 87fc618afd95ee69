#pragma once

#include <boost/asio/ip/address.hpp>

namespace herald::peering {

/// The address itself, on whichever link it is.
inline boost::asio::ip::address without_scope(const boost::asio::ip::address& address) {
    if (address.is_v4())
        return address;
    return boost::asio::ip::address_v6(address.to_v6().to_bytes());
}

} // namespace herald::peering
