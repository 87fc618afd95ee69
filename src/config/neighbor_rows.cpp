#include "herald/config/bfd.hpp"
#include "herald/config/password.hpp"
#include "herald/config/rows.hpp"
#include "herald/text/duration.hpp"
#include "herald/text/harmless.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>

namespace herald::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_password = 80; // RFC 2385 leaves it open; Linux takes 80

void read_description(table_reader& from, std::string_view key, std::string& into) {
    constexpr std::size_t longest = 255;
    into = from.text(key, longest).value_or("");
    if (!text::is_harmless(into))
        from.fail(key, "has control characters");
}

constexpr std::string_view external_word = "external";

std::expected<std::string, std::string> parse_kind_of_peer(std::string_view text) {
    if (text == external_word || text == internal_peer)
        return std::string(text);
    return std::unexpected("expected an AS number without quotes, \"external\" or \"internal\"");
}

/// What "internal" stands for is known later, with [bgp].
void read_remote_as(table_reader& from, std::string_view key, std::optional<net::as_number>& into) {
    const auto* found = from.value(key);
    if (found == nullptr || std::holds_alternative<std::int64_t>(found->value))
        keep(from.number<net::as_number>(key, 1), into);
    else if (!std::holds_alternative<std::string>(found->value))
        from.fail(key, fmt::format("expected an AS number, \"external\" or \"internal\", not {}",
                                   type_name(*found)));
    else if (from.parsed(key, parse_kind_of_peer) == external_word)
        into.reset();
}

void read_families(table_reader& from, std::string_view key, net::family_set& into) {
    for (const auto& [name, where] : from.texts(key, net::all_families.size())) {
        const auto* family = std::ranges::find(net::all_families, name,
                                               [](auto one) { return net::to_string(one); });
        if (family == net::all_families.end())
            from.fail_at(where, key, in_quotes(name) + ": expected one of ipv4, ipv6");
        else if (into.contains(*family))
            from.fail_at(where, key, name + " is there twice");
        else
            into.insert(*family);
    }
    if (from.is_empty_array(key))
        from.fail(key, "names no family: expected ipv4, ipv6 or both");
}

void read_hold_time(table_reader& from, std::string_view key, std::chrono::seconds& into) {
    constexpr auto least = 3s; // RFC 4271 §4.2
    const auto hold = from.duration(key, 0s, 65535s);
    if (!hold)
        return;
    into = std::chrono::duration_cast<std::chrono::seconds>(*hold);
    if (into != *hold || (*hold != 0s && *hold < least))
        from.fail(key, fmt::format("expected 0s, or whole seconds from 3s, not {}",
                                   text::exact_duration(*hold)));
}

void read_graceful_restart(table_reader& from, std::string_view key, std::chrono::seconds& into) {
    constexpr auto longest = 4095s; // 12 bits, RFC 4724 §3
    const auto restart = from.duration(key, 0s, longest);
    if (!restart)
        return;
    into = std::chrono::duration_cast<std::chrono::seconds>(*restart);
    if (into != *restart)
        from.fail(key,
                  fmt::format("expected whole seconds, not {}", text::exact_duration(*restart)));
}

auto as_role() {
    using wire::bgp_role;
    return as_choice<bgp_role>({{"provider", bgp_role::provider},
                                {"rs", bgp_role::rs},
                                {"rs-client", bgp_role::rs_client},
                                {"customer", bgp_role::customer},
                                {"peer", bgp_role::peer}});
}

using all = peering::neighbor_settings;
using row = key_row<all>;
using session = bgp::session_settings;
using policy = bgp::export_settings;
using lists = bgp::community_lists;

/// How the neighbor is reached, and what the session is.
key_rows<all> session_rows() {
    return {
        row("remote_as", at(&all::session, &session::remote_as), read_remote_as)
            .required()
            .resets_session(),
        row("description", &all::description, read_description),
        row("local_address", &all::local_address, as_parsed(parse_host_address)).resets_session(),
        row("port", &all::port, as_number<std::uint16_t>(1)).defaults_to("179").resets_session(),
        row("passive", &all::passive, as_flag()).defaults_to("false").resets_session(),
        row("shutdown", &all::shutdown, as_flag()).defaults_to("false"),
        row("hold_time", at(&all::session, &session::hold_time), read_hold_time)
            .defaults_to("\"30s\"")
            .resets_session(),
        row("connect_retry", at(&all::session, &session::connect_retry), as_duration(1ms, 24h))
            .defaults_to("\"5s\""),
        row("password", &all::password, as_password(longest_password)).is_secret().resets_session(),
        row("password_file", &all::password, as_password_file(longest_password))
            .same_as("password")
            .resets_session(),
        row("ttl_security", &all::ttl_security, as_number<std::uint8_t>(1, 254)).resets_session(),
        row("multihop", &all::multihop, as_number<std::uint8_t>(1, 255)).resets_session(),
        row("families", at(&all::session, &session::families), read_families).resets_session(),
        row("next_hop", &all::next_hop, as_parsed(parse_next_hop_ipv4)),
        row("next_hop_ipv6", &all::next_hop_ipv6, as_parsed(parse_next_hop_ipv6)),
        row("extended_nexthop", at(&all::session, &session::extended_next_hop), as_flag())
            .defaults_to("false")
            .resets_session(),
        row("role", at(&all::session, &session::role), as_role()).resets_session(),
        row("graceful_restart", at(&all::session, &session::graceful_restart),
            read_graceful_restart)
            .defaults_to("\"0s\"")
            .resets_session(),
        bfd_row(),
    };
}

/// What it hears of every service.
key_rows<all> policy_rows() {
    return {
        row("prepend", at(&all::policy, &policy::prepend),
            as_number<std::uint8_t>(0, most_prepends))
            .defaults_to("0"),
        row("communities", at(&all::policy, &policy::communities, &lists::standard),
            as_communities()),
        row("large_communities", at(&all::policy, &policy::communities, &lists::large),
            as_large_communities()),
        row("extended_communities", at(&all::policy, &policy::communities, &lists::extended),
            as_extended_communities()),
        row("med", at(&all::policy, &policy::med), as_number<std::uint32_t>(0)),
        row("local_pref", at(&all::policy, &policy::local_pref), as_number<std::uint32_t>(0))
            .defaults_to("100"),
    };
}

} // namespace

const key_rows<all>& own_neighbor_rows() {
    static const key_rows<all> rows{
        row("name", &all::name, as_parsed(parse_name)),
        row("address", &all::address, as_parsed(parse_host_address)).resets_session(),
        row("interface", &all::interface, as_parsed(parse_interface)).resets_session(),
    };
    return rows;
}

const key_rows<all>& common_neighbor_rows() {
    static const auto rows = [] {
        auto both = session_rows();
        auto more = policy_rows();
        std::ranges::move(more, std::back_inserter(both));
        return both;
    }();
    return rows;
}

} // namespace herald::config
