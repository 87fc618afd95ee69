#include "herald/bgp/retry_backoff.hpp"

#include <doctest/doctest.h>
#include <vector>

using namespace std::chrono_literals;
using herald::bgp::retry_backoff;

namespace {

std::vector<std::chrono::milliseconds> next_waits(retry_backoff& backoff, int count) {
    std::vector<std::chrono::milliseconds> waits;
    for (int i = 0; i < count; ++i)
        waits.push_back(backoff.next());
    return waits;
}

} // namespace

TEST_CASE("retry_backoff: the first retry is at once, then waits double up to the limit") {
    retry_backoff backoff(5s);
    CHECK(next_waits(backoff, 6) == std::vector<std::chrono::milliseconds>{0s, 1s, 2s, 4s, 5s, 5s});
}

TEST_CASE("retry_backoff: after a reset the next retry is at once again") {
    retry_backoff backoff(5s);
    next_waits(backoff, 4);
    backoff.reset();
    CHECK(next_waits(backoff, 2) == std::vector<std::chrono::milliseconds>{0s, 1s});
}

TEST_CASE("retry_backoff: a limit under a second holds from the second failure on") {
    retry_backoff backoff(250ms);
    CHECK(next_waits(backoff, 3) == std::vector<std::chrono::milliseconds>{0ms, 250ms, 250ms});
}

TEST_CASE("retry_backoff: a thousand failures stay at the limit") {
    retry_backoff backoff(1h);
    next_waits(backoff, 1000);
    CHECK(backoff.next() == 1h);
}
