#include "herald/peering/next_hops.hpp"

#include <fmt/format.h>

namespace herald::peering {
namespace {

namespace ip = boost::asio::ip;

/// An IPv6 next hop over a session from the IPv6 address `local`.
wire::next_hop over_ipv6(const ip::address_v6& local, const interface_addresses& beside) {
    if (!local.is_link_local())
        return {local, std::nullopt};
    auto link_local = ip::address_v6(local.to_bytes()); // without its scope
    if (!beside.ipv6)
        return {link_local, std::nullopt};
    return {*beside.ipv6, link_local};
}

std::string none(std::string_view what, const interface_addresses& beside) {
    if (beside.unreadable)
        return fmt::format("the interfaces could not be read, so there is no {} next hop yet: {}",
                           what, beside.unreadable.message());
    if (beside.name.empty())
        return fmt::format("no interface has the session's address, so there is no {} next hop",
                           what);
    return fmt::format("{} has no {} address to be the next hop", beside.name, what);
}

} // namespace

std::expected<wire::next_hop, std::string>
choose_next_hop(net::address_family family, const neighbor_settings& settings,
                const ip::address& local, const interface_addresses& beside, bool extended) {
    if (family == net::address_family::ipv4) {
        if (settings.next_hop)
            return wire::next_hop{*settings.next_hop, std::nullopt};
        if (local.is_v4())
            return wire::next_hop{local, std::nullopt};
        if (extended) // RFC 8950 §4
            return settings.next_hop_ipv6 ? wire::next_hop{*settings.next_hop_ipv6, std::nullopt}
                                          : over_ipv6(local.to_v6(), beside);
        if (beside.ipv4)
            return wire::next_hop{*beside.ipv4, std::nullopt};
        return std::unexpected(none("IPv4", beside));
    }
    if (settings.next_hop_ipv6)
        return wire::next_hop{*settings.next_hop_ipv6, std::nullopt};
    if (local.is_v6())
        return over_ipv6(local.to_v6(), beside);
    if (beside.ipv6)
        return wire::next_hop{*beside.ipv6, std::nullopt};
    return std::unexpected(none("IPv6", beside));
}

} // namespace herald::peering
