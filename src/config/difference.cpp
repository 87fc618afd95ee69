#include "herald/config/difference.hpp"

#include "herald/config/bfd.hpp"
#include "herald/config/rows.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace herald::config {

namespace {

using kind = change::kind;

using key_list = std::vector<std::string>;

/// Adds `prefix` and the name of each key in which the two differ, and whether one of them resets
/// the session.
template <typename Target>
bool compare(key_list& keys, std::string_view prefix, const key_rows<Target>& rows,
             const Target& now, const Target& next) {
    bool resets = false;
    for (const auto& row : rows) {
        auto name = fmt::format("{}{}", prefix, row.told_as);
        if (!row.differs(now, next) || std::ranges::find(keys, name) != keys.end())
            continue;
        keys.push_back(std::move(name));
        resets = resets || row.on_change == effect::new_session;
    }
    return resets;
}

/// What a neighbor has of [bgp].
const key_rows<peering::neighbor_settings>& inherited_rows() {
    using settings = peering::neighbor_settings;
    using session = bgp::session_settings;
    using row = key_row<settings>;
    static const key_rows<settings> rows{
        row("bgp.local_as", at(&settings::session, &session::local_as)).resets_session(),
        row("bgp.router_id", at(&settings::session, &session::router_id)).resets_session(),
    };
    return rows;
}

/// BFD that comes or goes is told as a whole, but for what resets the session.
bool compare_bfd(key_list& keys, const peering::neighbor_settings& now,
                 const peering::neighbor_settings& next) {
    auto rows = bfd_rows();
    if (!now.bfd || !next.bfd)
        std::erase_if(rows, [](const auto& row) { return row.on_change != effect::new_session; });
    return compare(keys, "bfd.", rows, bfd_entry_of(now), bfd_entry_of(next));
}

change compare_entry(const peering::neighbor_settings& now,
                     const peering::neighbor_settings& next) {
    change found{"neighbor", next.name, kind::changed, {}, false, false};
    for (const auto* rows : {&own_neighbor_rows(), &common_neighbor_rows(), &inherited_rows()})
        found.resets_session = compare(found.keys, "", *rows, now, next) || found.resets_session;
    found.resets_session = compare_bfd(found.keys, now, next) || found.resets_session;
    for (const auto& [name, policy] : service_state_rows())
        compare(found.keys, fmt::format("when.{}.", name), state_policy_rows(), now.policy.*policy,
                next.policy.*policy);
    return found;
}

void compare_checks(key_list& keys, const std::vector<health::check_settings>& now,
                    const std::vector<health::check_settings>& next) {
    for (const auto& check : next) {
        const auto before = std::ranges::find(now, check.name, &health::check_settings::name);
        if (before == now.end())
            keys.push_back(fmt::format("check {} (new)", check.name));
        else if (*before != check)
            keys.push_back(fmt::format("check {}", check.name));
    }
    for (const auto& check : now)
        if (std::ranges::find(next, check.name, &health::check_settings::name) == next.end())
            keys.push_back(fmt::format("check {} (gone)", check.name));
}

change compare_entry(const service_entry& now, const service_entry& next) {
    change found{"service", next.service.name, kind::changed, {}, false, false};
    compare(found.keys, "", service_rows(), now, next);
    compare_checks(found.keys, now.checks, next.checks);
    if (found.keys.empty())
        found.keys.emplace_back("order of checks");
    return found;
}

const std::string& name_of(const peering::neighbor_settings& neighbor) {
    return neighbor.name;
}

const std::string& name_of(const service_entry& service) {
    return service.service.name;
}

template <typename Entry>
const Entry* find(const std::vector<Entry>& entries, const std::string& name) {
    const auto found =
        std::ranges::find_if(entries, [&](const Entry& entry) { return name_of(entry) == name; });
    return found == entries.end() ? nullptr : &*found;
}

template <typename Entry>
void compare_entries(std::vector<change>& changes, const std::string& section,
                     const std::vector<Entry>& now, const std::vector<Entry>& next) {
    for (const auto& entry : next) {
        const auto* before = find(now, name_of(entry));
        if (before == nullptr)
            changes.push_back({section, name_of(entry), kind::added, {}, false, false});
        else if (*before != entry)
            changes.push_back(compare_entry(*before, entry));
    }
    for (const auto& entry : now)
        if (find(next, name_of(entry)) == nullptr)
            changes.push_back(
                {section, name_of(entry), kind::removed, {}, section == "neighbor", false});
}

/// A section is told twice when some of its keys take effect at once and others with the next
/// start.
void compare_sections(std::vector<change>& changes, const configuration& now,
                      const configuration& next) {
    for (const auto& [name, rows] : sections())
        for (const bool needs_restart : {false, true}) {
            change found{std::string(name), "", kind::changed, {}, false, needs_restart};
            for (const auto& row : rows)
                if ((row.on_change == effect::restart) == needs_restart && row.differs(now, next) &&
                    std::ranges::find(found.keys, row.told_as) == found.keys.end())
                    found.keys.emplace_back(row.told_as);
            if (!found.keys.empty())
                changes.push_back(std::move(found));
        }
}

} // namespace

std::vector<change> difference(const configuration& now, const configuration& next) {
    std::vector<change> changes;
    compare_sections(changes, now, next);
    compare_entries(changes, "neighbor", now.neighbors, next.neighbors);
    compare_entries(changes, "service", now.services, next.services);
    return changes;
}

} // namespace herald::config
