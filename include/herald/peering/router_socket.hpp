#pragma once

#include "herald/peering/link_facts.hpp"
#include "herald/peering/router_advertisement.hpp"
#include "herald/peering/transport.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

namespace herald::peering {

/// A socket for Router Solicitations and Advertisements on one link.
class router_socket {
public:
    using handler = std::function<void(const router_arrival&)>;
    virtual ~router_socket() = default;
    /// Sends from this link's address from now on, and calls the handler for what arrives on this
    /// link, in turns of the loop of their own, until it is destroyed.
    virtual error_code open(const link_state& link, handler on_arrival) = 0;
    /// Calls the handler for what has arrived by now.
    virtual void read() = 0;
    /// To all who are to hear it, with hop limit 255.
    virtual error_code send(router_message message) = 0;
};

/// The system's: raw, which needs CAP_NET_RAW.
std::unique_ptr<router_socket> make_router_socket(const boost::asio::any_io_executor& executor);

} // namespace herald::peering
