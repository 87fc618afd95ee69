#include "herald/peering/link_table.hpp"

#include "herald/net/ip_prefix.hpp"
#include "without_scope.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace herald::peering {

namespace ip = boost::asio::ip;

namespace {

enum kind : std::uint8_t { ipv4, ipv6, link_local };

kind kind_of(const ip::address& address) {
    if (address.is_v4())
        return ipv4;
    return address.to_v6().is_link_local() ? link_local : ipv6;
}

net::ip_prefix network_of(const ip::address& address, unsigned length) {
    const auto prefix = [&](net::address_family family, const auto& octets) {
        return net::ip_prefix(family, octets, static_cast<std::uint8_t>(length));
    };
    return address.is_v4() ? prefix(net::address_family::ipv4, address.to_v4().to_bytes())
                           : prefix(net::address_family::ipv6, address.to_v6().to_bytes());
}

/// Of two addresses that could be next hops the one with less is taken.
unsigned drawbacks(const address_state& state) {
    return (state.deprecated ? 2U : 0U) + (state.secondary ? 1U : 0U);
}

/// The first next hop of one kind so far.
struct choice {
    std::optional<ip::address> address;
    std::pair<unsigned, std::int64_t> order;

    void offer(const ip::address& other, std::pair<unsigned, std::int64_t> at) {
        if (address && order <= at)
            return;
        address = other;
        order = at;
    }
};

} // namespace

bool link_table::interface::has(const ip::address& address) const {
    const auto at = addresses.lower_bound({address, 0, {}});
    return at != addresses.end() && at->first.address == address;
}

bool link_table::apply(const link_message& message) {
    if (const auto* address = std::get_if<address_message>(&message))
        return apply_to_address(*address, source::news);
    return apply_to_interface(std::get<interface_message>(message));
}

/// Nobody can ask for an interface without addresses.
bool link_table::apply_to_interface(const interface_message& message) {
    if (message.gone) {
        const auto at = interfaces_.find(message.index);
        if (at == interfaces_.end())
            return false;
        const bool mattered = !at->second.addresses.empty();
        interfaces_.erase(at);
        return mattered;
    }
    auto& known = interfaces_[message.index];
    if (known.name == message.name && known.running == message.running)
        return false;
    known.name = message.name;
    known.running = message.running;
    return !known.addresses.empty();
}

/// The kernel has new IPv6 addresses before the others, and IPv4 ones behind them; an address that
/// becomes the first of its IPv4 network goes behind those that are.
bool link_table::apply_to_address(const address_message& message, source from) {
    const bool matters = counts(message.key);
    if (message.gone) {
        const auto at = interfaces_.find(message.index);
        return at != interfaces_.end() && at->second.addresses.erase(message.key) > 0 && matters;
    }
    auto& of = interfaces_[message.index];
    const auto [at, unknown] = of.addresses.try_emplace(message.key);
    auto& known = at->second;
    if (!unknown && known.state == message.state)
        return false;
    const bool v4 = message.key.address.is_v4();
    if (unknown)
        known.position = v4 || from == source::list ? ++of.last : --of.first;
    else if (v4 && known.state.secondary && !message.state.secondary)
        known.position = ++of.last;
    known.state = message.state;
    return matters;
}

bool link_table::replace(std::span<const link_message> all,
                         std::span<const link_message> meanwhile) {
    const auto before = std::exchange(interfaces_, {});
    for (const auto& message : all)
        if (const auto* address = std::get_if<address_message>(&message))
            apply_to_address(*address, source::list);
        else
            apply(message);
    for (const auto& message : meanwhile)
        apply(message);
    return !std::ranges::equal(before, interfaces_, [this](const auto& one, const auto& other) {
        return one.first == other.first && answers_alike(one.second, other.second);
    });
}

bool link_table::exclude(std::set<ip::address> addresses) {
    if (addresses == excluded_)
        return false;
    excluded_ = std::move(addresses);
    return true;
}

std::vector<std::pair<address_key, address_state>> link_table::in_order(const interface& of) const {
    std::map<std::pair<kind, std::int64_t>, std::pair<address_key, address_state>> ordered;
    for (const auto& [key, known] : of.addresses)
        if (counts(key))
            ordered[{kind_of(key.address), known.position}] = {key, known.state};
    std::vector<std::pair<address_key, address_state>> found;
    found.reserve(ordered.size());
    for (auto& [position, address] : ordered)
        found.push_back(std::move(address));
    return found;
}

bool link_table::answers_alike(const interface& one, const interface& other) const {
    return one.name == other.name && one.running == other.running &&
           in_order(one) == in_order(other);
}

/// Several may have it. A link-local address says in its scope which is meant, RFC 4007 §6; else it
/// is rather one that is running.
const link_table::interface* link_table::carrier_of(const ip::address& local) const {
    const auto scope = local.is_v6() ? local.to_v6().scope_id() : 0;
    const auto address = without_scope(local);
    const interface* found = nullptr;
    for (const auto& [index, one] : interfaces_) {
        if ((scope != 0 && index != static_cast<int>(scope)) || one.name.empty() ||
            !one.has(address))
            continue;
        if (found == nullptr || one.running >= found->running)
            found = &one;
    }
    return found;
}

bool link_table::on_link(const ip::address& address) const {
    if (address.is_v6() && address.to_v6().is_link_local())
        return true;
    const auto is_beside = [&](const address_key& key) {
        const auto& other_end = key.peer.is_unspecified() ? key.address : key.peer;
        return other_end.is_v4() == address.is_v4() &&
               network_of(other_end, key.prefix_length) == network_of(address, key.prefix_length);
    };
    return std::ranges::any_of(interfaces_, [&](const auto& each) {
        return std::ranges::any_of(each.second.addresses, [&](const auto& known) {
            return counts(known.first) && is_beside(known.first);
        });
    });
}

std::optional<link_state> link_table::link(std::string_view name) const {
    const auto found = std::ranges::find_if(interfaces_, [&](const auto& each) {
        return each.second.name == name && each.second.running;
    });
    if (found == interfaces_.end())
        return std::nullopt;
    for (const auto& [key, state] : in_order(found->second))
        if (kind_of(key.address) == link_local && !state.unusable) {
            const auto index = static_cast<unsigned>(found->first);
            return link_state{index, ip::address_v6(key.address.to_v6().to_bytes(), index)};
        }
    return std::nullopt;
}

bgp::interface_addresses link_table::beside(const ip::address& local) const {
    const auto* carrier = carrier_of(local);
    if (carrier == nullptr)
        return {};
    std::array<choice, 3> first;
    for (const auto& [key, known] : carrier->addresses)
        if (!known.state.unusable && counts(key) &&
            key.address.is_loopback() == local.is_loopback())
            first[kind_of(key.address)].offer(key.address,
                                              {drawbacks(known.state), known.position});
    bgp::interface_addresses found{.name = carrier->name, .ipv4 = {}, .ipv6 = {}, .link_local = {}};
    if (const auto& one = first[ipv4].address)
        found.ipv4 = one->to_v4();
    if (const auto& one = first[ipv6].address)
        found.ipv6 = one->to_v6();
    if (const auto& one = first[link_local].address)
        found.link_local = one->to_v6();
    return found;
}

} // namespace herald::peering
