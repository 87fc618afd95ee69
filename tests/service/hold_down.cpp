#include "herald/service/hold_down.hpp"

#include "herald/service/service_state.hpp"

#include <doctest/doctest.h>
#include <vector>

namespace herald::service {
namespace {

using namespace std::chrono_literals;
using health::verdict;
using enum health_state;

constexpr time_point start{std::chrono::hours(1)};

service_state held(std::chrono::milliseconds first, std::chrono::milliseconds longest) {
    service_settings settings;
    settings.name = "dns";
    settings.hold_down = first;
    settings.hold_down_max = longest;
    return {settings, {false}};
}

/// How long each of `flaps` failures, one second after the last hold-down's end, holds.
std::vector<std::chrono::milliseconds> lengths(hold_down hold, int flaps) {
    std::vector<std::chrono::milliseconds> all;
    auto now = start;
    for (int i = 0; i < flaps; ++i) {
        now += 1s;
        hold.went_down(now);
        all.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(hold.until() - now));
        now = hold.until();
        hold.came_up(now);
    }
    return all;
}

using row = std::vector<std::chrono::milliseconds>;

} // namespace

TEST_CASE("hold_down: doubles with each flap, up to its limit") {
    CHECK(lengths({10s, 5min}, 7) == row{10s, 20s, 40s, 80s, 160s, 300s, 300s});
    CHECK(lengths({10s, 10s}, 3) == row{10s, 10s, 10s});
    CHECK(lengths({0s, 5min}, 3) == row{0s, 0s, 0s});
    CHECK(lengths({24h, 24h}, 100).back() == 24h);
}

TEST_CASE("hold_down: flaps are forgotten after 15 minutes of stability") {
    hold_down hold(10s, 5min);
    hold.went_down(start);
    hold.came_up(start + 1min);
    CHECK(hold.flaps(start + 16min - 1ns) == 1);
    CHECK(hold.flaps(start + 16min) == 0);

    auto sooner = hold;
    sooner.went_down(start + 16min - 1ns);
    CHECK(sooner.flaps(start + 16min) == 2);
    CHECK(sooner.until() == start + 16min + 20s - 1ns);
    hold.went_down(start + 16min);
    CHECK(hold.flaps(start + 16min) == 1);
    CHECK(hold.until() == start + 16min + 10s);
}

TEST_CASE("hold_down: it outlives the program, in wall-clock time, with its flaps") {
    const moment before{start, wall_time(std::chrono::hours(500000))};
    hold_down hold(10s, 5min);
    hold.went_down(start - 30s);
    hold.went_down(start);
    const auto stored = hold.snapshot(before);
    CHECK(stored == stored_hold_down{2, before.wall + 20s, before.wall + 20s});

    // Another boot: 3 s later, on a steady clock that began anew.
    const moment after{time_point(7s), before.wall + 3s};
    hold_down next(10s, 5min);
    next.restore(stored, after);
    CHECK(next.until() == after.steady + 17s);
    CHECK(next.flaps(after.steady) == 2);
    CHECK(next.flaps(after.steady + 17s + 15min) == 0);
    CHECK(next.snapshot(after) == stored);
}

TEST_CASE("hold_down: a wall clock that was set back holds no longer than the longest time") {
    const moment now{start, wall_time(std::chrono::hours(500000))};
    hold_down hold(10s, 5min);
    hold.restore({1, now.wall + 1000h, now.wall + 1000h}, now);
    CHECK(hold.until() == start + 5min);
    CHECK(hold.flaps(start + 20min) == 0);
    hold.restore({1, now.wall - 1000h, now.wall - 1000h}, now);
    CHECK_FALSE(hold.holds(start));
    CHECK(hold.flaps(start) == 0);
}

TEST_CASE("service: one that was held down before a restart is down until then, not unknown") {
    const moment now{start, wall_time(std::chrono::hours(500000))};
    auto state = held(10s, 5min);
    state.restore_hold_down({1, now.wall + 8s, now.wall + 8s}, now);
    CHECK(state.health(start) == down);
    CHECK(state.held_down(start));
    CHECK(state.next_change(start) == start + 8s);
    SUBCASE("its checks pass before that") {
        state.set_verdict(0, verdict::pass, start + 2s);
        CHECK(state.health(start + 8s - 1ns) == down);
        CHECK(state.health(start + 8s) == up);
    }
    SUBCASE("they pass after that") {
        CHECK(state.health(start + 8s) == down);
        state.set_verdict(0, verdict::pass, start + 9s);
        CHECK(state.health(start + 9s) == up);
    }
    SUBCASE("they fail") {
        state.set_verdict(0, verdict::fail, start + 2s);
        CHECK_FALSE(state.held_down(start + 2s));
        CHECK(state.health(start + 8s) == down);
    }
    CHECK(state.holding().flaps(start + 9s) == 1);
}

TEST_CASE("service: one that was not held down any more starts as ever") {
    const moment now{start, wall_time(std::chrono::hours(500000))};
    auto state = held(10s, 5min);
    state.restore_hold_down({2, now.wall - 1s, now.wall - 1s}, now);
    CHECK(state.health(start) == unknown);
    state.set_verdict(0, verdict::pass, start);
    state.set_verdict(0, verdict::fail, start);
    CHECK(state.holding().until() == start + 40s);
}

TEST_CASE("service: one that went down stays down for its hold-down, whatever its checks say") {
    auto state = held(10s, 5min);
    state.set_verdict(0, verdict::pass, start);
    CHECK(state.next_change(start) == std::nullopt);
    state.set_verdict(0, verdict::fail, start + 1s);
    CHECK_FALSE(state.held_down(start + 1s));
    CHECK(state.next_change(start + 1s) == std::nullopt);
    state.set_verdict(0, verdict::degraded, start + 3s);
    CHECK(state.held_down(start + 3s));
    CHECK(state.checked_health() == degraded);
    CHECK(state.health(start + 3s) == down);
    CHECK(state.heard(start + 3s) == net::announcement::none);
    CHECK(state.next_change(start + 3s) == start + 11s);
    CHECK(state.health(start + 11s) == degraded);
    CHECK_FALSE(state.held_down(start + 11s));
    CHECK(state.next_change(start + 11s) == std::nullopt);
}

TEST_CASE("service: failures while it is held down neither count nor make it longer") {
    auto state = held(10s, 5min);
    state.set_verdict(0, verdict::pass, start);
    for (auto at : {1s, 5s, 9s}) {
        state.set_verdict(0, verdict::fail, start + at);
        state.set_verdict(0, verdict::pass, start + at + 1s);
    }
    CHECK(state.holding().flaps(start + 10s) == 1);
    CHECK(state.health(start + 11s - 1ns) == down);
    CHECK(state.health(start + 11s) == up);
}

TEST_CASE("service: its first failure after a start took nothing away, and does not hold it down") {
    auto state = held(10s, 5min);
    state.set_verdict(0, verdict::fail, start);
    CHECK(state.health(start) == down);
    state.set_verdict(0, verdict::pass, start + 1s);
    CHECK(state.health(start + 1s) == up);
}

TEST_CASE("service: only going down counts, not getting worse or better") {
    auto state = held(10s, 5min);
    state.set_verdict(0, verdict::pass, start);
    state.set_verdict(0, verdict::degraded, start + 1s);
    state.set_verdict(0, verdict::pass, start + 2s);
    CHECK(state.health(start + 2s) == up);
    CHECK(state.holding().flaps(start + 2s) == 0);
    state.set_verdict(0, verdict::degraded, start + 3s);
    state.set_verdict(0, verdict::fail, start + 4s);
    CHECK(state.holding().flaps(start + 4s) == 1);
}

TEST_CASE("service: without hold-down it is back at once") {
    auto state = held(0s, 5min);
    state.set_verdict(0, verdict::pass, start);
    state.set_verdict(0, verdict::fail, start + 1s);
    state.set_verdict(0, verdict::pass, start + 1s);
    CHECK(state.health(start + 1s) == up);
}

} // namespace herald::service
