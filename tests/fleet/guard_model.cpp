// Nodes by chance, on a store by chance; see model_world.

#include "tests/fleet/model_world.hpp"
#include "tests/support/sanitized.hpp"

#include <doctest/doctest.h>
#include <set>

using namespace herald;
using namespace herald::fleet;
using namespace herald::fleet::test;

namespace {

constexpr std::uint32_t safety_seeds = 3 * herald::test::runs_by_chance;
constexpr std::uint32_t liveness_seeds = herald::test::runs_by_chance;

/// Whether enough would be left of those that are not `gone`.
bool enough_without(const model_world& world, const std::set<std::string>& gone) {
    const bool by_site = world.settings.keep_per == guard_settings::unit::site;
    std::set<std::string> units;
    for (const auto& node : world.nodes)
        if (!gone.contains(node.self.node))
            units.insert(by_site ? node.self.site : node.self.node);
    return units.size() >= world.keep(world.nodes.front());
}

/// As many as can be down at once.
std::set<std::string> most_that_may_go(const model_world& world) {
    std::set<std::string> down;
    for (const auto& node : world.nodes) {
        down.insert(node.self.node);
        if (!enough_without(world, down))
            down.erase(node.self.node);
    }
    return down;
}

/// All fail at once, then some recover.
void hold_all(model_world& world, const std::set<std::string>& down) {
    for (auto& node : world.nodes)
        world.fail(node, 500ms);
    world.run(20s, false);
    world.departures.clear();
    for (auto& node : world.nodes)
        if (!down.contains(node.self.node))
            world.recover(node);
    world.run(20s + 10s * down.size(), false);
}

void require_one_at_a_time(const model_world& world) {
    std::optional<time_point> last;
    for (const auto& departure : world.departures) {
        CHECK(departure.was_held);
        CHECK((!last || departure.at - *last > 4500ms));
        last = departure.at;
    }
}

/// Each that can go alone wants to drain, all at once, and returns when it has.
std::size_t drain_in_turn(model_world& world) {
    std::set<std::string> asked;
    for (auto& node : world.nodes) {
        node.drains = 0;
        if (enough_without(world, {node.self.node})) {
            asked.insert(node.self.node);
            world.ask_drain(node, true);
        }
    }
    for (std::size_t i = 0; i < 60 * world.nodes.size(); ++i) {
        world.run(200ms, false);
        for (auto& node : world.nodes)
            if (node.drained)
                world.undrain(node);
    }
    for (const auto& node : world.nodes)
        CHECK(node.drains == (asked.contains(node.self.node) ? 1 : 0));
    return asked.size();
}

void require_rest(const model_world& world) {
    CHECK(world.store.queue.empty());
    for (const auto& node : world.nodes) {
        CHECK(node.guarded->truthful());
        CHECK_FALSE(node.guarded->refused());
        CHECK_FALSE(node.guarded->deadline());
        const auto& said = world.store.records.at(node.self.node).said;
        CHECK_FALSE(said.permit);
        CHECK(
            (said.heard == net::announcement::normal || said.heard == net::announcement::degraded));
    }
}

} // namespace

TEST_CASE("guard_model: whatever happens in whatever order, health and drains leave as many "
          "announced elsewhere as are to be kept") {
    std::size_t departures = 0;
    for (std::uint32_t seed = 1; seed <= safety_seeds; ++seed) {
        CAPTURE(seed);
        model_world world(seed);
        world.run(120s, true);
        for (const auto& violation : world.violations)
            FAIL_CHECK(violation);
        departures += world.departures.size();
    }
    CHECK(departures > safety_seeds);
}

TEST_CASE("guard_model: when faults are over, those that are held go one at a time as far as there "
          "is slack, drains have their turn, and in the end all permits are given back") {
    std::size_t gone = 0;
    std::size_t drained = 0;
    for (std::uint32_t seed = 1; seed <= liveness_seeds; ++seed) {
        CAPTURE(seed);
        model_world world(seed);
        world.run(40s, true);
        world.repair();
        world.run(40s, false); // with what was still under way
        const auto down = most_that_may_go(world);
        hold_all(world, down);
        for (const auto& node : world.nodes)
            CHECK(node.away == down.contains(node.self.node));
        require_one_at_a_time(world);
        gone += world.departures.size();
        for (auto& node : world.nodes)
            world.recover(node);
        world.run(10s, false);
        drained += drain_in_turn(world);
        world.run(20s, false);
        require_rest(world);
        CHECK(world.violations.empty());
    }
    CHECK(gone > liveness_seeds / 2);
    CHECK(drained > liveness_seeds);
}
