#pragma once

#include "herald/bgp/next_hops.hpp"

#include <boost/asio/ip/address.hpp>
#include <functional>
#include <optional>
#include <string_view>

namespace herald::peering {

/// An interface on which neighbors can be reached by their link-local addresses.
struct link_state {
    unsigned index = 0;
    boost::asio::ip::address_v6 address; // its own link-local one, with its scope
    friend bool operator==(const link_state&, const link_state&) = default;
};

/// What sessions ask of this machine's interfaces; tests put their own facts in its place.
class link_facts {
public:
    virtual ~link_facts() = default;
    /// Does not block. Unreadable until the kernel has told of all interfaces once.
    virtual bgp::interface_addresses beside(const boost::asio::ip::address& local) const = 0;
    /// Whether an interface has an address of a network that this one is in, or is its other end.
    virtual bool on_link(const boost::asio::ip::address& address) const = 0;
    /// The interface of this name; none: it is not there, not running, or has no link-local address
    /// yet.
    virtual std::optional<link_state> link(std::string_view name) const = 0;
    /// From now on calls `changed`, and nobody else, when these may answer otherwise: in a turn
    /// of the loop of its own, and once for all that changed before it.
    virtual void on_change(std::function<void()> changed) = 0;
};

} // namespace herald::peering
