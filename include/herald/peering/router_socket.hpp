#pragma once

#include "herald/peering/link_facts.hpp"
#include "herald/peering/transport.hpp"
#include "herald/wire/cursor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <cstdint>
#include <functional>
#include <memory>

namespace herald::peering {

/// An ICMPv6 message, and what the kernel tells of its way. Its checksum is right.
struct router_arrival {
    boost::asio::ip::address_v6 from; // a link-local one carries its scope
    std::uint8_t hop_limit = 0;
    wire::octets octets;
};

/// A socket for Router Solicitations and Advertisements on one link.
class router_socket {
public:
    using handler = std::function<void(const router_arrival&)>;
    virtual ~router_socket() = default;
    /// Sends from this link's address from now on, and calls the handler for what arrives on this
    /// link, in turns of the loop of their own, until it is destroyed.
    virtual error_code open(const link_state& link, handler on_arrival) = 0;
    /// To a multicast group of the link, with hop limit 255.
    virtual error_code send(const boost::asio::ip::address_v6& group, wire::octets message) = 0;
};

/// The system's: raw, which needs CAP_NET_RAW.
std::unique_ptr<router_socket> make_router_socket(const boost::asio::any_io_executor& executor);

} // namespace herald::peering
