#include "herald/config/bfd.hpp"
#include "herald/config/known_keys.hpp"
#include "herald/config/rows.hpp"
#include "herald/config/sections.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <string>
#include <variant>

namespace herald::config {
namespace {

// More than a speaker of this kind has, and few enough that defaults of any size are dealt with
// at once.
constexpr std::size_t most_neighbors = 4096;

std::string_view family_name(const boost::asio::ip::address& address) {
    return address.is_v4() ? "IPv4" : "IPv6";
}

bool says_internal(const table_reader& from) {
    const auto* found = from.value("remote_as");
    const auto* word = found != nullptr ? std::get_if<std::string>(&found->value) : nullptr;
    return word != nullptr && *word == internal_peer;
}

session_kind join_autonomous_systems(table_reader& from, const configuration& globals,
                                     peering::neighbor_settings& into) {
    auto& session = into.session;
    session.local_as = globals.local_as;
    session.router_id = globals.router_id;
    if (says_internal(from))
        session.remote_as = session.local_as;
    if (session.remote_as == 0 || session.local_as == 0)
        return session_kind::unknown;
    if (session.remote_as && !net::is_usable(*session.remote_as))
        from.fail("remote_as",
                  fmt::format("{} is reserved (RFC 6793, RFC 7300)", *session.remote_as));
    into.policy.local_as = session.local_as;
    into.policy.internal = session.internal();
    return session.internal() ? session_kind::internal : session_kind::external;
}

/// By its address, or by its link.
void check_place(table_reader& from, peering::neighbor_settings& into) {
    if (!from.has("address") && !from.has("interface"))
        from.fail("address", "missing, but required where there is no interface");
    if (!from.has("interface"))
        return;
    if (from.has("address"))
        from.fail("interface", "in place of address, not beside it");
    if (from.owns("local_address"))
        from.fail("local_address", "a neighbor on a link is spoken to from the link's own address");
    if (from.owns("multihop"))
        from.fail("multihop", "a neighbor on a link is one hop away");
    into.address = boost::asio::ip::address_v6::any();
    into.local_address.reset();
    into.multihop.reset();
    // RFC 8950: there need not be any IPv4 address on such a link.
    if (!from.has("extended_nexthop") && !from.has("next_hop"))
        into.session.extended_next_hop = true;
}

void check_local_address(table_reader& from, const peering::neighbor_settings& settings) {
    if (!settings.local_address || settings.address.is_unspecified())
        return;
    if (settings.local_address->is_v4() != settings.address.is_v4())
        from.fail("local_address", fmt::format("expected an {} address, as the neighbor's is",
                                               family_name(settings.address)));
    else if (settings.local_address == settings.address)
        from.fail("local_address", "the neighbor's own address");
}

void check_passive(table_reader& from, const peering::listen_settings& listen,
                   const peering::neighbor_settings& settings) {
    if (!settings.passive || (settings.address.is_unspecified() && settings.interface.empty()))
        return;
    const bool heard = std::ranges::any_of(listen.addresses, [&](const auto& address) {
        return address.is_v4() == settings.address.is_v4();
    });
    if (!heard)
        from.fail("passive", fmt::format("the neighbor can only dial where bgp.listen has an {} "
                                         "address",
                                         family_name(settings.address)));
}

void choose_hops(table_reader& from, peering::neighbor_settings& into) {
    if (from.prevails("ttl_security", "multihop"))
        into.multihop.reset();
    else if (from.has("multihop"))
        into.ttl_security.reset();
}

void check_next_hops(table_reader& from, const peering::neighbor_settings& settings) {
    // RFC 4271 §5.1.3: no route is announced to a peer with the peer's address as its next hop.
    if (settings.next_hop && settings.address == *settings.next_hop)
        from.fail("next_hop", "the neighbor's own address");
    if (settings.next_hop_ipv6 && settings.address == *settings.next_hop_ipv6)
        from.fail("next_hop_ipv6", "the neighbor's own address");
}

void choose_extended_next_hop(table_reader& from, neighbor_draft& draft) {
    auto& settings = draft.settings;
    if (!settings.session.extended_next_hop)
        return;
    if (settings.next_hop && !from.prevails("extended_nexthop", "next_hop")) {
        settings.session.extended_next_hop = false;
        return;
    }
    settings.next_hop.reset();
    if (draft.has_families && !settings.session.families.contains(net::address_family::ipv4))
        from.fail("extended_nexthop", "carries IPv4 prefixes, but families has no ipv4");
    if (from.owns("extended_nexthop") && from.has("address") && settings.address.is_v4())
        from.warn("extended_nexthop", "of no use: over IPv4 there is an IPv4 next hop");
}

/// A role, prepending and LOCAL_PREF are each for one kind of session. A default that is for the
/// other kind is no error: it is not meant for this neighbor.
void suit_to_kind(table_reader& from, session_kind kind, peering::neighbor_settings& into) {
    check_path_keys(from, kind);
    if (kind == session_kind::internal) {
        // RFC 9234 §4.1: eBGP only.
        if (from.owns("role"))
            from.fail("role", "for eBGP only, and this session is iBGP");
        into.session.role.reset();
        into.policy.prepend = bgp::export_settings{}.prepend;
    } else
        into.policy.local_pref = bgp::export_settings{}.local_pref;
    into.policy.role = into.session.role;
}

neighbor_draft read_neighbor(table_reader from, const configuration& globals) {
    neighbor_draft draft;
    draft.where = from.where();
    auto& settings = draft.settings;
    read_rows(own_neighbor_rows(), from, settings);
    read_rows(common_neighbor_rows(), from, settings);
    check_place(from, settings);
    if (settings.name.empty() && !settings.address.is_unspecified())
        settings.name = settings.address.to_string();
    if (settings.name.empty())
        settings.name = settings.interface;
    draft.has_families = from.has("families");
    const auto kind = join_autonomous_systems(from, globals, settings);
    check_local_address(from, settings);
    check_passive(from, globals.listen, settings);
    choose_hops(from, settings);
    check_next_hops(from, settings);
    choose_extended_next_hop(from, draft);
    suit_to_kind(from, kind, settings);
    check_communities(from, settings.policy.communities);
    read_states(from, kind, settings.policy);
    return draft;
}

/// The kernel looks for the key of a connection that arrives by the address alone, on whichever
/// link it arrives: neighbors that have one link-local address can only have one key.
void check_key(table_reader& from, const peering::listen_settings& listen,
               const peering::neighbor_settings& settings,
               const std::vector<neighbor_draft>& before) {
    if (!settings.address.is_v6() || !settings.address.to_v6().is_link_local() ||
        std::ranges::none_of(listen.addresses, &boost::asio::ip::address::is_v6))
        return;
    for (const auto& [other, has_families, where] : before)
        if (other.address.is_v6() && other.address != settings.address &&
            other.address.to_v6().to_bytes() == settings.address.to_v6().to_bytes() &&
            other.password != settings.password)
            return from.fail("address",
                             fmt::format("{} has this address on another link, and not the same "
                                         "password: the system cannot tell their connections "
                                         "apart; give both one password, or take the IPv6 "
                                         "addresses from bgp.listen",
                                         other.name));
}

} // namespace

std::vector<neighbor_draft> read_neighbors(table_reader& root, const configuration& globals) {
    const auto defaults = read_defaults(root, "neighbor");
    check_bfd_keys(defaults, root.problems());
    std::set<std::string> names;
    std::set<boost::asio::ip::address> addresses;
    std::set<std::string> links;
    std::vector<neighbor_draft> all;
    for (const auto& entry : root.subtables("neighbor")) {
        check_keys(*entry.entries, find_known_table("neighbor"), root.problems());
        check_bfd_keys(entry, root.problems());
        table_reader reader(entry, root.problems(), defaults);
        if (all.size() == most_neighbors) {
            root.problems().error(entry.where,
                                  fmt::format("more than {} neighbors", most_neighbors));
            break;
        }
        auto draft = read_neighbor(reader, globals);
        check_key(reader, globals.listen, draft.settings, all);
        all.push_back(std::move(draft));
        const auto& name = all.back().settings.name;
        const auto& address = all.back().settings.address;
        const auto& link = all.back().settings.interface;
        const bool known_link = !link.empty() && !links.insert(link).second;
        if (known_link)
            reader.fail("interface", fmt::format("another neighbor is the one on {}", link));
        const bool known =
            known_link || (!address.is_unspecified() && !addresses.insert(address).second);
        if (known && !known_link)
            reader.fail("address", fmt::format("another neighbor has {}", address.to_string()));
        // Of two that are named by one address, the address is what is wrong.
        if (!name.empty() && !names.insert(name).second && (reader.has("name") || !known))
            reader.fail("name", fmt::format("another neighbor is named {}", name));
    }
    return all;
}

} // namespace herald::config
