#pragma once

#include "herald/service/address_table.hpp"

#include <boost/asio/ip/address.hpp>
#include <compare>
#include <expected>
#include <map>
#include <memory>
#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <netlink/socket.h>
#include <optional>
#include <string>
#include <vector>

/// rtnetlink(7) by libnl: what the kernel says of addresses, and what it is asked to do. Requests
/// block for as long as another program holds the kernel's one lock of the network's settings.
namespace herald::service::netlink {

struct deleter {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
    void operator()(nl_cache* cache) const { nl_cache_free(cache); }
    void operator()(nl_addr* address) const { nl_addr_put(address); }
    void operator()(rtnl_addr* address) const { rtnl_addr_put(address); }
};
template <typename T>
using owned = std::unique_ptr<T, deleter>;

/// What tells one of the kernel's entries from another: an interface may have an address several
/// times, with other prefix lengths and other peers.
struct address_key {
    boost::asio::ip::address address;
    int interface = 0;
    unsigned prefix_length = 0;
    boost::asio::ip::address peer; // of a point-to-point link; else unspecified
    friend std::strong_ordering operator<=>(const address_key&, const address_key&) = default;
};
using address_map = std::map<address_key, presence>;

/// One entry as it is now; gone without a presence.
struct address_change {
    address_key key;
    std::optional<presence> state;
};

std::unexpected<std::string> failure(const char* what, int error);
std::expected<owned<nl_sock>, std::string> connect();
void apply(address_map& into, const address_change& change);
/// What a message of the kernel says.
std::vector<address_change> changes_in(nl_msg* message);

std::expected<address_map, std::string> all_addresses(nl_sock* socket);
std::expected<bool, std::string> add(nl_sock* socket, const boost::asio::ip::address& address,
                                     const std::string& interface);
std::expected<void, std::string> remove(nl_sock* socket, const boost::asio::ip::address& address,
                                        const std::string& interface);
/// The error says why not. Does not block.
std::expected<void, std::string> may_change();

} // namespace herald::service::netlink
