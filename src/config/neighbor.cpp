#include "herald/config/known_keys.hpp"
#include "herald/config/read_file.hpp"
#include "herald/config/sections.hpp"
#include "herald/text/duration.hpp"
#include "herald/text/harmless.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <string>

namespace herald::config {
namespace {

using namespace std::chrono_literals;

// More than a speaker of this kind has, and few enough that defaults of any size are dealt with
// at once.
constexpr std::size_t most_neighbors = 4096;
constexpr std::size_t longest_password = 80; // RFC 2385 leaves it open; Linux takes 80

std::string_view family_name(const boost::asio::ip::address& address) {
    return address.is_v4() ? "IPv4" : "IPv6";
}

void read_identity(table_reader& from, peering::neighbor_settings& into) {
    constexpr std::size_t longest_description = 255;
    from.require("address");
    if (const auto address = from.parsed("address", parse_host_address)) {
        into.address = *address;
        into.name = address->to_string();
    }
    into.name = from.parsed("name", parse_name).value_or(into.name);
    into.description = from.text("description", longest_description).value_or("");
    if (!text::is_harmless(into.description))
        from.fail("description", "has control characters");
    into.shutdown = from.flag("shutdown").value_or(into.shutdown);
    into.port = from.number<std::uint16_t>("port", 1).value_or(into.port);
}

session_kind read_autonomous_systems(table_reader& from, const configuration& globals,
                                     peering::neighbor_settings& into) {
    from.require("remote_as");
    auto& session = into.session;
    session.local_as = globals.local_as;
    session.router_id = globals.router_id;
    session.remote_as = from.number<net::as_number>("remote_as", 1).value_or(0);
    if (session.remote_as == 0 || session.local_as == 0)
        return session_kind::unknown;
    if (!net::is_usable(session.remote_as))
        from.fail("remote_as",
                  fmt::format("{} is reserved (RFC 6793, RFC 7300)", session.remote_as));
    into.policy.local_as = session.local_as;
    into.policy.internal = session.internal();
    return session.internal() ? session_kind::internal : session_kind::external;
}

void read_local_address(table_reader& from, peering::neighbor_settings& into) {
    into.local_address = from.parsed("local_address", parse_host_address);
    if (!into.local_address || into.address.is_unspecified())
        return;
    if (into.local_address->is_v4() != into.address.is_v4())
        from.fail("local_address", fmt::format("expected an {} address, as the neighbor's is",
                                               family_name(into.address)));
    else if (into.local_address == into.address)
        from.fail("local_address", "the neighbor's own address");
}

void read_passive(table_reader& from, const peering::listen_settings& listen,
                  peering::neighbor_settings& into) {
    into.passive = from.flag("passive").value_or(into.passive);
    if (!into.passive || into.address.is_unspecified())
        return;
    const bool heard = std::ranges::any_of(listen.addresses, [&](const auto& address) {
        return address.is_v4() == into.address.is_v4();
    });
    if (!heard)
        from.fail("passive", fmt::format("the neighbor can only dial where bgp.listen has an {} "
                                         "address",
                                         family_name(into.address)));
}

void read_hops(table_reader& from, peering::neighbor_settings& into) {
    // Read even where it does not prevail, so that what is wrong with it is said.
    const auto security = from.number<std::uint8_t>("ttl_security", 1, 254);
    const auto multihop = from.number<std::uint8_t>("multihop", 1, 255);
    if (from.prevails("ttl_security", "multihop"))
        into.ttl_security = security;
    else if (from.has("multihop"))
        into.multihop = multihop;
}

std::optional<std::string> read_password_file(table_reader& from) {
    constexpr std::size_t largest = 1024;
    const auto path = from.parsed("password_file", parse_path);
    if (!path)
        return std::nullopt;
    const auto file = std::filesystem::path(from.problems().file()).parent_path() / *path;
    auto content = read_file(file, largest);
    if (!content) {
        from.fail("password_file",
                  fmt::format("{}: {}", in_quotes(file.string()), content.error()));
        return std::nullopt;
    }
    if (content->world_readable)
        from.warn("password_file",
                  fmt::format("{}: every user can read it; its mode should be 0600 or 0640",
                              in_quotes(file.string())));
    if (content->text.ends_with('\n'))
        content->text.pop_back();
    return std::move(content->text);
}

void read_password(table_reader& from, peering::neighbor_settings& into) {
    const bool in_place = from.prevails("password", "password_file");
    auto password = in_place ? from.text("password") : read_password_file(from);
    if (!password)
        return;
    if (password->empty() || password->size() > longest_password)
        from.fail(in_place ? "password" : "password_file",
                  fmt::format("a password has 1 to {} octets, this one {}", longest_password,
                              password->size()));
    into.password = *std::move(password);
}

void read_next_hops(table_reader& from, peering::neighbor_settings& into) {
    into.next_hop = from.parsed("next_hop", parse_next_hop_ipv4);
    into.next_hop_ipv6 = from.parsed("next_hop_ipv6", parse_next_hop_ipv6);
    // RFC 4271 §5.1.3: no route is announced to a peer with the peer's address as its next hop.
    if (into.next_hop && into.address == *into.next_hop)
        from.fail("next_hop", "the neighbor's own address");
    if (into.next_hop_ipv6 && into.address == *into.next_hop_ipv6)
        from.fail("next_hop_ipv6", "the neighbor's own address");
}

bool read_families(table_reader& from, bgp::session_settings& into) {
    for (const auto& [name, where] : from.texts("families", net::all_families.size())) {
        const auto* family = std::ranges::find(net::all_families, name,
                                               [](auto one) { return net::to_string(one); });
        if (family == net::all_families.end())
            from.fail_at(where, "families", in_quotes(name) + ": expected one of ipv4, ipv6");
        else if (into.families.contains(*family))
            from.fail_at(where, "families", name + " is there twice");
        else
            into.families.insert(*family);
    }
    if (from.is_empty_array("families"))
        from.fail("families", "names no family: expected ipv4, ipv6 or both");
    return from.has("families");
}

void read_extended_next_hop(table_reader& from, neighbor_draft& draft) {
    auto& settings = draft.settings;
    if (!from.flag("extended_nexthop").value_or(false))
        return;
    if (settings.next_hop && !from.prevails("extended_nexthop", "next_hop"))
        return;
    settings.next_hop.reset();
    settings.session.extended_next_hop = true;
    if (draft.has_families && !settings.session.families.contains(net::address_family::ipv4))
        from.fail("extended_nexthop", "carries IPv4 prefixes, but families has no ipv4");
    if (from.owns("extended_nexthop") && from.has("address") && settings.address.is_v4())
        from.warn("extended_nexthop", "of no use: over IPv4 there is an IPv4 next hop");
}

void read_role(table_reader& from, session_kind kind, peering::neighbor_settings& into) {
    using wire::bgp_role;
    const auto role = from.choice<bgp_role>("role", {{"provider", bgp_role::provider},
                                                     {"rs", bgp_role::rs},
                                                     {"rs-client", bgp_role::rs_client},
                                                     {"customer", bgp_role::customer},
                                                     {"peer", bgp_role::peer}});
    // RFC 9234 §4.1: eBGP only. As with prepend, a default is not meant for an iBGP neighbor.
    if (kind == session_kind::internal) {
        if (from.owns("role"))
            from.fail("role", "for eBGP only, and this session is iBGP");
        return;
    }
    into.session.role = role;
    into.policy.role = role;
}

void read_timers(table_reader& from, bgp::session_settings& into) {
    constexpr auto longest_restart = 4095s; // 12 bits, RFC 4724 §3
    constexpr auto least_hold = 3s;         // RFC 4271 §4.2
    if (const auto hold = from.duration("hold_time", 0s, 65535s)) {
        into.hold_time = std::chrono::duration_cast<std::chrono::seconds>(*hold);
        if (into.hold_time != *hold || (*hold != 0s && *hold < least_hold))
            from.fail("hold_time", fmt::format("expected 0s, or whole seconds from 3s, not {}",
                                               text::exact_duration(*hold)));
    }
    into.connect_retry = from.duration("connect_retry", 1ms, 24h).value_or(into.connect_retry);
    if (const auto restart = from.duration("graceful_restart", 0s, longest_restart)) {
        into.graceful_restart = std::chrono::duration_cast<std::chrono::seconds>(*restart);
        if (into.graceful_restart != *restart)
            from.fail("graceful_restart", fmt::format("expected whole seconds, not {}",
                                                      text::exact_duration(*restart)));
    }
}

neighbor_draft read_neighbor(table_reader from, const configuration& globals) {
    neighbor_draft draft;
    draft.where = from.where();
    auto& settings = draft.settings;
    read_identity(from, settings);
    const auto kind = read_autonomous_systems(from, globals, settings);
    read_local_address(from, settings);
    read_passive(from, globals.listen, settings);
    read_hops(from, settings);
    read_password(from, settings);
    read_next_hops(from, settings);
    read_timers(from, settings.session);
    draft.has_families = read_families(from, settings.session);
    read_extended_next_hop(from, draft);
    read_role(from, kind, settings);
    read_export_policy(from, kind, settings.policy);
    return draft;
}

} // namespace

std::vector<neighbor_draft> read_neighbors(table_reader& root, const configuration& globals) {
    const auto defaults = read_defaults(root, "neighbor");
    std::set<std::string> names;
    std::set<boost::asio::ip::address> addresses;
    std::vector<neighbor_draft> all;
    for (const auto& entry : root.subtables("neighbor")) {
        check_keys(*entry.entries, find_known_table("neighbor"), root.problems());
        table_reader reader(entry, root.problems(), defaults);
        if (all.size() == most_neighbors) {
            root.problems().error(entry.where,
                                  fmt::format("more than {} neighbors", most_neighbors));
            break;
        }
        all.push_back(read_neighbor(reader, globals));
        const auto& name = all.back().settings.name;
        const auto& address = all.back().settings.address;
        const bool known = !address.is_unspecified() && !addresses.insert(address).second;
        if (known)
            reader.fail("address", fmt::format("another neighbor has {}", address.to_string()));
        // Of two that are named by one address, the address is what is wrong.
        if (!name.empty() && !names.insert(name).second && (reader.has("name") || !known))
            reader.fail("name", fmt::format("another neighbor is named {}", name));
    }
    return all;
}

} // namespace herald::config
