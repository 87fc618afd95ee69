#include "herald/peering/interface_addresses.hpp"

#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>

namespace herald::peering {
namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> address_of(const sockaddr* socket_address) {
    if (socket_address == nullptr)
        return std::nullopt;
    if (socket_address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, socket_address, sizeof v4);
        return ip::address_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (socket_address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, socket_address, sizeof v6);
        ip::address_v6::bytes_type bytes{};
        std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
        return ip::address_v6(bytes, v6.sin6_scope_id);
    }
    return std::nullopt;
}

void collect(bgp::interface_addresses& found, const ip::address& address, bool loopback) {
    if (address.is_loopback() != loopback)
        return;
    if (address.is_v4()) {
        if (!found.ipv4)
            found.ipv4 = address.to_v4();
    } else if (address.to_v6().is_link_local()) {
        if (!found.link_local)
            found.link_local = ip::address_v6(address.to_v6().to_bytes()); // no scope on the wire
    } else if (!found.ipv6) {
        found.ipv6 = address.to_v6();
    }
}

} // namespace

bgp::interface_addresses addresses_beside(const ip::address& local) {
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0)
        return {"", {}, {}, {}, {errno, boost::system::system_category()}};
    std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
    bgp::interface_addresses found;
    for (auto* entry = list; entry != nullptr; entry = entry->ifa_next)
        if (address_of(entry->ifa_addr) == local)
            found.name = entry->ifa_name;
    for (auto* entry = list; entry != nullptr; entry = entry->ifa_next)
        if (auto address = address_of(entry->ifa_addr); address && found.name == entry->ifa_name)
            collect(found, *address, local.is_loopback());
    return found;
}

} // namespace herald::peering
