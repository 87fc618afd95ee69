#include "herald/fleet/count.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <tuple>

namespace herald::fleet {

namespace {

using net::announcement;

bool is_well(const record& said) {
    return said.heard == announcement::normal || said.heard == announcement::degraded;
}

/// As far as its record goes. A held node is there, but not well.
bool is_announced(const record& said) {
    return (is_well(said) || said.heard == announcement::held) && said.neighbors > 0 &&
           !said.permit;
}

const std::string& unit_of(const guard_settings& settings, const std::string& node,
                           const std::string& site) {
    return settings.keep_per == guard_settings::unit::site ? site : node;
}

unsigned keep_of(const guard_settings& settings, const identity& self, const roster& known) {
    if (const auto* number = std::get_if<unsigned>(&settings.keep))
        return *number;
    std::set<std::string> units{unit_of(settings, self.node, self.site)};
    for (const auto& [node, member] : known.members)
        if (node != self.node)
            units.insert(unit_of(settings, node, member.said.site));
    constexpr std::size_t whole = 100;
    const auto share = std::size_t{std::get<percentage>(settings.keep).value} * units.size();
    return static_cast<unsigned>((share + whole - 1) / whole);
}

std::string drained_by(const permit& given) {
    return fmt::format("drained{}{}{}{}", given.by.empty() ? "" : " by ", given.by,
                       given.note.empty() ? "" : ": ", given.note);
}

std::string with_cause(std::string_view what, const record& said) {
    return said.cause.empty() ? std::string(what) : fmt::format("{}: {}", what, said.cause);
}

std::string why_not(const record& said, bool alive) {
    if (said.permit && said.permit->reason == permit_reason::drain)
        return drained_by(*said.permit);
    if (!alive)
        return "has not been heard of for a while";
    switch (said.heard) {
    case announcement::none: return with_cause("not announced", said);
    case announcement::draining: return with_cause("draining", said);
    case announcement::down: return with_cause("down", said);
    case announcement::held: return with_cause("held", said);
    case announcement::normal:
    case announcement::degraded: break;
    }
    return said.permit ? with_cause("a check has begun to fail", said) : "no neighbor hears it";
}

/// What of a member matters to others.
auto standing(const record& said) {
    return std::tuple(std::string_view(said.site), said.heard, said.neighbors > 0,
                      said.permit.has_value());
}

} // namespace

tally count(const guard_settings& settings, const identity& self, const roster& known,
            const sightings& seen, time_point now) {
    tally result;
    std::set<std::string> well;
    std::set<std::string> possible;
    std::set<std::string> announced;
    for (const auto& [node, member] : known.members) {
        if (node == self.node || !is_announced(member.said))
            continue;
        const auto& unit = unit_of(settings, node, member.said.site);
        if (is_well(member.said) && seen.may_be_alive(node, now))
            possible.insert(unit);
        if (!seen.alive(node, now))
            continue;
        announced.insert(unit);
        result.announcing.push_back(node);
        if (!is_well(member.said))
            continue;
        well.insert(unit);
        result.those[node] = known.present.at(node).appeared;
    }
    result.keep = keep_of(settings, self, known);
    result.possible = static_cast<unsigned>(possible.size());
    result.well = static_cast<unsigned>(well.size());
    result.announced = static_cast<unsigned>(announced.size());
    return result;
}

std::vector<refusal::out> not_counted(const identity& self, const roster& known,
                                      const sightings& seen, time_point now) {
    std::vector<refusal::out> result;
    for (const auto& [node, member] : known.members) {
        const auto alive = seen.alive(node, now);
        const auto& said = member.said;
        if (node != self.node && !(alive && is_well(said) && is_announced(said)))
            result.push_back({node, said.site, why_not(said, alive)});
    }
    return result;
}

std::vector<std::string> waiting_before(const identity& self, const roster& known,
                                        const sightings& seen, time_point now) {
    const auto ours = known.queue.find(self.node);
    std::vector<std::pair<revision, std::string>> waiting;
    for (const auto& [node, since] : known.queue)
        if (node != self.node && (ours == known.queue.end() || since < ours->second) &&
            seen.may_be_alive(node, now))
            waiting.emplace_back(since, node);
    std::ranges::sort(waiting);
    std::vector<std::string> result;
    result.reserve(waiting.size());
    for (auto& [since, node] : waiting)
        result.push_back(std::move(node));
    return result;
}

bool same_standing(const roster& one, const roster& other) {
    return std::ranges::equal(one.members, other.members,
                              [](const auto& left, const auto& right) {
                                  return left.first == right.first &&
                                         standing(left.second.said) == standing(right.second.said);
                              }) &&
           std::ranges::equal(one.present, other.present, [](const auto& left, const auto& right) {
               return left.first == right.first && left.second.appeared == right.second.appeared;
           });
}

} // namespace herald::fleet
