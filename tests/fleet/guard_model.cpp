// Nodes by chance, on a store by chance; see model_world.

#include "tests/fleet/model_world.hpp"
#include "tests/support/sanitized.hpp"

#include <doctest/doctest.h>

using namespace herald;
using namespace herald::fleet;
using namespace herald::fleet::test;

namespace {

constexpr std::uint32_t safety_seeds = 3 * herald::test::runs_by_chance;

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
    MESSAGE(departures);
    CHECK(departures > safety_seeds);
}
