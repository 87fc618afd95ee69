#include "netlink_addresses.hpp"

#include <cstring>
#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/object.h>

namespace herald::service::netlink {

namespace ip = boost::asio::ip;

namespace {

std::optional<ip::address> to_address(nl_addr* from) {
    if (from == nullptr)
        return std::nullopt;
    const auto* octets = nl_addr_get_binary_addr(from);
    if (nl_addr_get_family(from) == AF_INET && nl_addr_get_len(from) == 4) {
        ip::address_v4::bytes_type bytes{};
        std::memcpy(bytes.data(), octets, bytes.size());
        return ip::address_v4(bytes);
    }
    if (nl_addr_get_family(from) == AF_INET6 && nl_addr_get_len(from) == 16) {
        ip::address_v6::bytes_type bytes{};
        std::memcpy(bytes.data(), octets, bytes.size());
        return ip::address_v6(bytes);
    }
    return std::nullopt;
}

owned<nl_addr> from_address(const ip::address& address) {
    if (address.is_v4()) {
        auto bytes = address.to_v4().to_bytes();
        return owned<nl_addr>(nl_addr_build(AF_INET, bytes.data(), bytes.size()));
    }
    auto bytes = address.to_v6().to_bytes();
    return owned<nl_addr>(nl_addr_build(AF_INET6, bytes.data(), bytes.size()));
}

std::optional<address_change> change_of(rtnl_addr* entry, bool is_there) {
    const auto address = to_address(rtnl_addr_get_local(entry));
    if (!address)
        return std::nullopt;
    address_change change{{*address, rtnl_addr_get_ifindex(entry),
                           static_cast<unsigned>(rtnl_addr_get_prefixlen(entry)),
                           to_address(rtnl_addr_get_peer(entry)).value_or(ip::address())},
                          {}};
    constexpr unsigned not_usable = IFA_F_TENTATIVE | IFA_F_DADFAILED;
    if (is_there)
        change.state =
            (rtnl_addr_get_flags(entry) & not_usable) != 0 ? presence::unusable : presence::usable;
    return change;
}

/// What the kernel is to be told of: this address alone, on that interface.
std::expected<owned<rtnl_addr>, std::string> describe(const ip::address& address,
                                                      const std::string& interface) {
    const auto index = ::if_nametoindex(interface.c_str());
    if (index == 0)
        return std::unexpected(fmt::format("there is no interface {}", interface));
    owned<rtnl_addr> entry(rtnl_addr_alloc());
    rtnl_addr_set_ifindex(entry.get(), static_cast<int>(index));
    if (auto error = rtnl_addr_set_local(entry.get(), from_address(address).get()); error < 0)
        return failure("cannot describe an address", error);
    // RFC 4862 §5.4: no duplicate address detection of an address that other nodes have too.
    if (address.is_v6())
        rtnl_addr_set_flags(entry.get(), IFA_F_NODAD);
    return entry;
}

} // namespace

std::unexpected<std::string> failure(const char* what, int error) {
    return std::unexpected(fmt::format("{}: {}", what, nl_geterror(error)));
}

std::expected<owned<nl_sock>, std::string> connect() {
    owned<nl_sock> socket(nl_socket_alloc());
    if (const auto error = nl_connect(socket.get(), NETLINK_ROUTE); error < 0)
        return failure("cannot open a netlink socket", error);
    return socket;
}

void apply(address_map& into, const address_change& change) {
    if (change.state)
        into[change.key] = *change.state;
    else
        into.erase(change.key);
}

std::vector<address_change> changes_in(nl_msg* message) {
    std::vector<address_change> changes;
    const auto read = [](nl_object* object, void* into) {
        if (auto change = change_of(reinterpret_cast<rtnl_addr*>(object),
                                    nl_object_get_msgtype(object) == RTM_NEWADDR))
            static_cast<std::vector<address_change>*>(into)->push_back(std::move(*change));
    };
    nl_msg_parse(message, read, &changes);
    return changes;
}

std::expected<address_map, std::string> all_addresses(nl_sock* socket) {
    nl_cache* list = nullptr;
    int error = -NLE_DUMP_INTR; // addresses changed meanwhile: the list may lack some
    for (int attempt = 0; error == -NLE_DUMP_INTR && attempt < 10; ++attempt)
        error = rtnl_addr_alloc_cache(socket, &list);
    if (error < 0)
        return failure("cannot ask the kernel for its addresses", error);
    const owned<nl_cache> owner(list);
    address_map all;
    for (auto* entry = nl_cache_get_first(list); entry != nullptr; entry = nl_cache_get_next(entry))
        if (const auto change = change_of(reinterpret_cast<rtnl_addr*>(entry), true))
            apply(all, *change);
    return all;
}

std::expected<bool, std::string> add(nl_sock* socket, const ip::address& address,
                                     const std::string& interface) {
    auto entry = describe(address, interface);
    if (!entry)
        return std::unexpected(entry.error());
    const auto error = rtnl_addr_add(socket, entry->get(), NLM_F_EXCL);
    if (error == -NLE_EXIST)
        return false;
    if (error < 0)
        return std::unexpected(nl_geterror(error));
    return true;
}

std::expected<void, std::string> remove(nl_sock* socket, const ip::address& address,
                                        const std::string& interface) {
    auto entry = describe(address, interface);
    if (!entry) // with the interface its addresses are gone
        return {};
    const auto error = rtnl_addr_delete(socket, entry->get(), 0);
    if (error < 0 && error != -NLE_NOADDR && error != -NLE_OBJ_NOTFOUND)
        return std::unexpected(nl_geterror(error));
    return {};
}

/// There is no address of no family: the kernel refuses it before it takes any lock, and for want
/// of the right before all else.
std::expected<void, std::string> may_change() {
    auto socket = connect();
    if (!socket)
        return std::unexpected(socket.error());
    ifaddrmsg nothing{};
    nothing.ifa_family = AF_UNSPEC;
    int error = nl_send_simple(socket->get(), RTM_NEWADDR, 0, &nothing, sizeof nothing);
    if (error >= 0)
        error = nl_wait_for_ack(socket->get());
    if (error == -NLE_PERM)
        return std::unexpected("addresses cannot be added: CAP_NET_ADMIN is missing");
    return {};
}

} // namespace herald::service::netlink
