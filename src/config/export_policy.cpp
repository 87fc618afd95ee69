#include "herald/config/known_keys.hpp"
#include "herald/config/rows.hpp"
#include "herald/config/sections.hpp"

#include <fmt/format.h>

namespace herald::config {
namespace {

// A neighbor's, a service's and a state's communities travel in one UPDATE, which without extended
// messages has 4096 octets, RFC 4271 §4.
constexpr std::size_t most_community_octets = 960;

void check_state(table_reader& from, session_kind kind, const bgp::state_policy& built_in,
                 bgp::state_policy& state) {
    check_path_keys(from, kind);
    check_communities(from, state.communities);
    if (kind == session_kind::internal)
        state.prepend = built_in.prepend;
    else
        state.local_pref = built_in.local_pref;
}

} // namespace

const std::vector<service_state_row>& service_state_rows() {
    using policy = bgp::export_settings;
    static const std::vector<service_state_row> rows{{"degraded", &policy::degraded},
                                                     {"draining", &policy::draining},
                                                     {"down", &policy::down},
                                                     {"held", &policy::held}};
    return rows;
}

const key_rows<bgp::state_policy>& state_policy_rows() {
    using state = bgp::state_policy;
    using row = key_row<state>;
    using lists = bgp::community_lists;
    static const key_rows<state> rows{
        row("prepend", &state::prepend, as_number<std::uint8_t>(0, most_prepends)),
        row("med", &state::med, as_number<std::uint32_t>(0)),
        row("local_pref", &state::local_pref, as_number<std::uint32_t>(0)),
        row("communities", at(&state::communities, &lists::standard), as_communities()),
        row("large_communities", at(&state::communities, &lists::large), as_large_communities()),
        row("extended_communities", at(&state::communities, &lists::extended),
            as_extended_communities()),
        row("withdraw", &state::withdraw, as_flag()).defaults_to("false"),
    };
    return rows;
}

void check_communities(table_reader& from, const bgp::community_lists& lists) {
    const auto octets =
        lists.standard.size() * 4 + lists.large.size() * 12 + lists.extended.size() * 8;
    if (octets > most_community_octets)
        from.fail(from.has("communities") ? "communities" : "large_communities",
                  fmt::format("the community lists take {} octets of an UPDATE, at most {} fit",
                              octets, most_community_octets));
}

void check_path_keys(table_reader& from, session_kind kind) {
    // RFC 4271 §5.1.2 (b): the AS_PATH is not ours to change on iBGP.
    if (kind == session_kind::internal && from.owns("prepend"))
        from.fail("prepend", "for eBGP only, and this session is iBGP");
    // RFC 4271 §5.1.5: LOCAL_PREF is not sent on eBGP.
    if (kind == session_kind::external && from.owns("local_pref"))
        from.fail("local_pref", "for iBGP only, and this session is eBGP");
}

void read_states(table_reader& neighbor, session_kind kind, bgp::export_settings& into) {
    auto when = neighbor.subtable("when");
    if (!when)
        return;
    check_keys(*when->entries, find_known_table("neighbor.when"), neighbor.problems());
    table_reader states(*std::move(when), neighbor.problems());
    for (const auto& [name, policy] : service_state_rows()) {
        auto found = states.subtable(name);
        if (!found)
            continue;
        check_keys(*found->entries, find_known_table(found->name), neighbor.problems());
        table_reader reader(*std::move(found), neighbor.problems());
        auto& state = into.*policy;
        const auto built_in = state;
        read_rows(state_policy_rows(), reader, state);
        check_state(reader, kind, built_in, state);
    }
}

} // namespace herald::config
