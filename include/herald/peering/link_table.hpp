#pragma once

#include "herald/bgp/next_hops.hpp"
#include "herald/peering/link_facts.hpp"
#include "herald/peering/link_messages.hpp"

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herald::peering {

/// This machine's interfaces and their addresses, as the kernel's messages leave them. Pure. What
/// changes it returns whether what follows may answer otherwise now.
class link_table {
public:
    bool apply(const link_message& message);
    /// What is not in `all` is gone, unless it was told meanwhile. What was told may be older or
    /// newer than the list: applied on top of it, in order, it ends as it is.
    bool replace(std::span<const link_message> all, std::span<const link_message> meanwhile);
    /// These addresses are never next hops: other machines have them too. Sessions do not run from
    /// them.
    bool exclude(std::set<boost::asio::ip::address> addresses);

    /// The interface that has `local`, and its first address of each kind in the kernel's order:
    /// never one that is unusable or excluded, and a deprecated or temporary one only if there is
    /// no other. Loopback addresses count only if the session itself runs over one.
    bgp::interface_addresses beside(const boost::asio::ip::address& local) const;
    /// Whether an interface has an address of a network that this one is in, or is its other end. A
    /// link-local address always is.
    bool on_link(const boost::asio::ip::address& address) const;
    /// As link_facts has it.
    std::optional<link_state> link(std::string_view name) const;

private:
    struct entry {
        address_state state;
        std::int64_t position = 0; // in the kernel's order
    };
    struct interface {
        std::string name; // empty: only its addresses were told yet
        bool running = false;
        std::map<address_key, entry> addresses;
        std::int64_t first = 0, last = 0; // positions

        bool has(const boost::asio::ip::address& address) const;
    };
    using interfaces = std::map<int, interface>;
    enum class source : std::uint8_t { news, list };

    bool apply_to_interface(const interface_message& message);
    bool apply_to_address(const address_message& message, source from);
    const interface* carrier_of(const boost::asio::ip::address& local) const;
    bool counts(const address_key& key) const { return !excluded_.contains(key.address); }
    std::vector<std::pair<address_key, address_state>> in_order(const interface& of) const;
    bool answers_alike(const interface& one, const interface& other) const;

    interfaces interfaces_; // by index
    std::set<boost::asio::ip::address> excluded_;
};

} // namespace herald::peering
