#include "herald/config/known_keys.hpp"
#include "herald/config/sections.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace herald::config {
namespace {

constexpr std::uint8_t most_prepends = 64;

// A neighbor's, a service's and a state's communities travel in one UPDATE, which without extended
// messages has 4096 octets, RFC 4271 §4.
constexpr std::size_t most_community_octets = 960;
constexpr std::size_t longest_list = most_community_octets / 4;

template <typename T>
std::vector<T> values_of(const std::vector<located<T>>& all) {
    std::vector<T> values;
    values.reserve(all.size());
    for (const auto& one : all)
        values.push_back(one.value);
    return values;
}

/// Replaces the lists that are there.
void replace_communities(table_reader& from, bgp::community_lists& into) {
    if (from.has("communities"))
        into.standard =
            values_of(from.parsed_list("communities", net::parse_community, longest_list));
    if (from.has("large_communities"))
        into.large = values_of(
            from.parsed_list("large_communities", net::parse_large_community, longest_list));
    if (from.has("extended_communities"))
        into.extended = values_of(
            from.parsed_list("extended_communities", net::parse_extended_community, longest_list));
    const auto octets =
        into.standard.size() * 4 + into.large.size() * 12 + into.extended.size() * 8;
    if (octets > most_community_octets)
        from.fail(from.has("communities") ? "communities" : "large_communities",
                  fmt::format("the community lists take {} octets of an UPDATE, at most {} fit",
                              octets, most_community_octets));
}

/// Prepending and LOCAL_PREF are each for one kind of session. A default that is for the other
/// kind is no error: it is not meant for this neighbor.
struct path_keys {
    std::optional<std::uint8_t> prepend;
    std::optional<std::uint32_t> local_pref;
};
path_keys read_path_keys(table_reader& from, session_kind kind) {
    path_keys keys;
    keys.prepend = from.number<std::uint8_t>("prepend", 0, most_prepends);
    keys.local_pref = from.number<std::uint32_t>("local_pref", 0);
    // RFC 4271 §5.1.2 (b): the AS_PATH is not ours to change on iBGP.
    if (kind == session_kind::internal && from.owns("prepend"))
        from.fail("prepend", "for eBGP only, and this session is iBGP");
    // RFC 4271 §5.1.5: LOCAL_PREF is not sent on eBGP.
    if (kind == session_kind::external && from.owns("local_pref"))
        from.fail("local_pref", "for iBGP only, and this session is eBGP");
    if (kind == session_kind::internal)
        keys.prepend.reset();
    else
        keys.local_pref.reset();
    return keys;
}

void read_state(table_reader state, session_kind kind, bgp::state_policy& into) {
    const auto [prepend, local_pref] = read_path_keys(state, kind);
    if (prepend)
        into.prepend = prepend;
    if (local_pref)
        into.local_pref = local_pref;
    if (const auto med = state.number<std::uint32_t>("med", 0))
        into.med = med;
    replace_communities(state, into.communities);
    into.withdraw = state.flag("withdraw").value_or(into.withdraw);
}

} // namespace

bgp::community_lists read_communities(table_reader& from) {
    bgp::community_lists lists;
    replace_communities(from, lists);
    return lists;
}

void read_export_policy(table_reader& neighbor, session_kind kind, bgp::export_settings& into) {
    const auto [prepend, local_pref] = read_path_keys(neighbor, kind);
    into.prepend = prepend.value_or(into.prepend);
    into.local_pref = local_pref.value_or(into.local_pref);
    into.med = neighbor.number<std::uint32_t>("med", 0);
    into.communities = read_communities(neighbor);

    auto when = neighbor.subtable("when");
    if (!when)
        return;
    check_keys(*when->entries, find_known_table("neighbor.when"), neighbor.problems());
    table_reader states(*std::move(when), neighbor.problems());
    for (const auto& [name, policy] :
         {std::pair{"degraded", &into.degraded}, std::pair{"draining", &into.draining},
          std::pair{"down", &into.down}}) {
        auto state = states.subtable(name);
        if (!state)
            continue;
        check_keys(*state->entries, find_known_table(state->name), neighbor.problems());
        read_state({*std::move(state), neighbor.problems()}, kind, *policy);
    }
}

} // namespace herald::config
