#include "herald/bgp/next_hops.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace herald::bgp {
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
choose_next_hop(net::address_family family, const configured_next_hops& configured,
                const ip::address& local, const interface_addresses& beside, bool extended) {
    if (family == net::address_family::ipv4) {
        if (configured.ipv4)
            return wire::next_hop{*configured.ipv4, std::nullopt};
        if (local.is_v4())
            return wire::next_hop{local, std::nullopt};
        if (extended) // RFC 8950 §4
            return configured.ipv6 ? wire::next_hop{*configured.ipv6, std::nullopt}
                                   : over_ipv6(local.to_v6(), beside);
        if (beside.ipv4)
            return wire::next_hop{*beside.ipv4, std::nullopt};
        return std::unexpected(none("IPv4", beside));
    }
    if (configured.ipv6)
        return wire::next_hop{*configured.ipv6, std::nullopt};
    if (local.is_v6())
        return over_ipv6(local.to_v6(), beside);
    if (beside.ipv6)
        return wire::next_hop{*beside.ipv6, std::nullopt};
    return std::unexpected(none("IPv6", beside));
}

std::vector<std::string> next_hops::find(net::family_set families,
                                         const configured_next_hops& configured,
                                         const ip::address& local,
                                         const interface_addresses& beside, bool extended) {
    by_family_.clear();
    const auto known = std::exchange(problems_, {});
    std::vector<std::string> added;
    for (const auto family : net::all_families) {
        if (!families.contains(family))
            continue;
        const auto chosen = choose_next_hop(family, configured, local, beside, extended);
        if (chosen) {
            by_family_[family] = *chosen;
            continue;
        }
        problems_.push_back(
            fmt::format("{} is not announced: {}", net::to_string(family), chosen.error()));
        if (std::ranges::find(known, problems_.back()) == known.end())
            added.push_back(problems_.back());
    }
    return added;
}

void next_hops::clear() {
    by_family_.clear();
    problems_.clear();
}

} // namespace herald::bgp
