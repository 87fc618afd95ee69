#include "herald/fleet/count.hpp"

#include "tests/fleet/guard_support.hpp"

using namespace herald;
using namespace herald::fleet;
using namespace herald::fleet::test;
using enum net::announcement;

namespace {

constexpr time_point begin{1h};
const identity a_of_madrid{"a", "madrid", 10s};

/// b and c in Madrid, d and e in Paris, all present.
roster five() {
    roster result{.at = 9, .members = {}, .present = {}, .queue = {}};
    for (const auto* node : {"a", "b", "c", "d", "e"}) {
        result.members[node] = {said(*node < 'd' ? "madrid" : "paris"), 5};
        result.present[node] = {node, node, 6, 7};
    }
    return result;
}

sightings all_alive(roster what) {
    sightings seen(10s);
    seen.see(what, begin);
    for (auto& [node, presence] : what.present)
        ++presence.beat;
    seen.see(what, begin);
    return seen;
}

tally tallied(const guard_settings& settings, const roster& known) {
    return count(settings, a_of_madrid, known, all_alive(known), begin);
}

constexpr guard_settings by_site{.keep = 1U};
constexpr guard_settings by_node{.keep = 1U, .keep_per = guard_settings::unit::node};

std::vector<std::string> reasons(const roster& known, const sightings& seen) {
    std::vector<std::string> result;
    for (const auto& out : not_counted(a_of_madrid, known, seen, begin))
        result.push_back(out.node + ": " + out.why);
    return result;
}

} // namespace

TEST_CASE("count: other nodes count by themselves or by their sites, our own site with them") {
    auto known = five();
    CHECK(tallied(by_node, known).well == 4);
    CHECK(tallied(by_site, known).well == 2);
    known.members["b"].said.heard = none;
    known.members["c"].said.heard = none;
    CHECK(tallied(by_node, known).well == 2);
    CHECK(tallied(by_site, known).well == 1);
    CHECK(tallied(by_site, known).those == std::map<std::string, revision>{{"d", 6}, {"e", 6}});
}

TEST_CASE(
    "count: only what is announced and well, heard, and without a permit counts; what is held "
    "is announced") {
    const auto well_and_announced = [](const auto& change) {
        auto known = five();
        change(known.members["b"].said);
        const auto result = tallied(by_node, known);
        return std::pair(result.well - 3, result.announced - 3);
    };
    const auto heard = [&](net::announcement what) {
        return well_and_announced([&](record& b) { b.heard = what; });
    };
    CHECK(heard(normal) == std::pair(1U, 1U));
    CHECK(heard(degraded) == std::pair(1U, 1U));
    CHECK(heard(held) == std::pair(0U, 1U));
    CHECK(heard(none) == std::pair(0U, 0U));
    CHECK(heard(draining) == std::pair(0U, 0U));
    CHECK(heard(down) == std::pair(0U, 0U));
    CHECK(well_and_announced([](record& b) { b.neighbors = 0; }) == std::pair(0U, 0U));
    CHECK(well_and_announced([](record& b) { b.permit = for_health; }) == std::pair(0U, 0U));
}

TEST_CASE("count: a share is of all known members and ourselves, rounded up") {
    auto known = five();
    const auto keep = [&](unsigned share, const guard_settings& settings) {
        auto with_share = settings;
        with_share.keep = percentage{share};
        return tallied(with_share, known).keep;
    };
    known.members["b"].said.heard = none; // dead members, too
    known.present.erase("b");
    CHECK(keep(60, by_node) == 3);
    CHECK(keep(61, by_node) == 4);
    CHECK(keep(100, by_node) == 5);
    CHECK(keep(50, by_site) == 1);
    CHECK(keep(51, by_site) == 2);
    known.members.erase("a");
    CHECK(keep(60, by_node) == 3);
    CHECK(tallied({.keep = 7U}, known).keep == 7);
}

TEST_CASE("count: the first sight of a beat is no sign of life, a change is one for the ttl") {
    auto known = five();
    sightings seen(10s);
    seen.see(known, begin);
    CHECK_FALSE(seen.alive("b", begin));
    CHECK(seen.may_be_alive("b", begin + 9999ms));
    CHECK_FALSE(seen.may_be_alive("b", begin + 10s));
    known.present["b"].beat = 8;
    seen.see(known, begin + 3s);
    CHECK(seen.alive("b", begin + 12999ms));
    CHECK_FALSE(seen.alive("b", begin + 13s));
    CHECK_FALSE(seen.alive("c", begin + 3s));
    known.present.erase("b");
    seen.see(known, begin + 4s);
    CHECK_FALSE(seen.alive("b", begin + 4s));
    CHECK_FALSE(seen.may_be_alive("b", begin + 4s));
}

TEST_CASE("count: why a node does not count is said as its record has it") {
    auto known = five();
    known.members["b"].said.permit = for_drain;
    known.members["c"].said.heard = none;
    known.members["c"].said.cause = "check http: 503";
    known.members["d"].said.heard = held;
    known.members["e"].said.neighbors = 0;
    CHECK(reasons(known, all_alive(known)) ==
          std::vector<std::string>{"b: drained by alice: kernel",
                                   "c: not announced: check http: 503", "d: held",
                                   "e: no neighbor hears it"});
    known.members["b"].said.permit = permit{permit_reason::drain, "", "", {}};
    known.members["c"].said = said("madrid", down);
    known.members["d"].said = said("paris", normal, for_health);
    known.members["e"].said = said("paris", draining);
    CHECK(reasons(known, all_alive(known)) ==
          std::vector<std::string>{"b: drained", "c: down", "d: a check has begun to fail",
                                   "e: draining"});
    CHECK(reasons(known, sightings(10s)) ==
          std::vector<std::string>{"b: drained", "c: has not been heard of for a while",
                                   "d: has not been heard of for a while",
                                   "e: has not been heard of for a while"});
}

TEST_CASE("count: nodes stand as before if only beats and words have changed") {
    const auto before = five();
    const auto same = [&](const auto& change) {
        auto after = five();
        change(after);
        return same_standing(before, after);
    };
    CHECK(same([](roster& now) { ++now.at; }));
    CHECK(same([](roster& now) { now.present["b"].beat = 99; }));
    CHECK(same([](roster& now) { now.members["b"].said.cause = "well"; }));
    CHECK(same([](roster& now) { now.members["b"].said.neighbors = 7; }));
    CHECK_FALSE(same([](roster& now) { now.members["b"].said.neighbors = 0; }));
    CHECK_FALSE(same([](roster& now) { now.members["b"].said.heard = degraded; }));
    CHECK_FALSE(same([](roster& now) { now.members["b"].said.site = "paris"; }));
    CHECK_FALSE(same([](roster& now) { now.members["b"].said.permit = for_drain; }));
    CHECK_FALSE(same([](roster& now) { now.members.erase("b"); }));
    CHECK_FALSE(same([](roster& now) { now.present.erase("b"); }));
    CHECK_FALSE(same([](roster& now) { now.present["b"].appeared = 8; }));
}
