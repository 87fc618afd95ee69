#include "herald/daemon/drain_end.hpp"

#include <doctest/doctest.h>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;

namespace {

const std::chrono::system_clock::time_point noon{480012h}; // in 2024

/// Given at noon for an hour.
const service::drain an_hour{.since = noon, .until = noon + 1h, .reason = "", .by = ""};

/// Of that drain, when it ends; none: it has.
std::optional<std::chrono::system_clock::time_point> end_by(const clock_reading& clock) {
    const auto drain = taken_up(an_hour, clock);
    return drain ? drain->until : std::nullopt;
}

} // namespace

TEST_CASE("drain_end: a synchronised clock tells the end, however long the machine was off") {
    CHECK(end_by({noon + 30min, 1min, true}) == noon + 1h);
    CHECK(end_by({noon + 2h, 1min, true}) == std::nullopt);
}

TEST_CASE("drain_end: a clock that is not synchronised tells the end of what was given by it") {
    CHECK(end_by({noon + 30min, 5h, false}) == noon + 1h);
    CHECK(end_by({noon + 2h, 5h, false}) == std::nullopt);
}

TEST_CASE("drain_end: at boot, until the clock is synchronised, the drain lasts its own length") {
    CHECK(end_by({noon + 3000h, 1min, false}) == noon + 3001h);
}

TEST_CASE("drain_end: by a clock that stands before the drain began it lasts its own length") {
    const std::chrono::system_clock::time_point epoch{};
    CHECK(end_by({epoch, 1min, false}) == epoch + 1h);
    CHECK(end_by({epoch, 1min, true}) == epoch + 1h);
}

TEST_CASE("drain_end: a drain without an end has none by any clock") {
    auto endless = an_hour;
    endless.until.reset();
    CHECK(taken_up(endless, {noon + 2h, 1min, false}) == endless);
    CHECK(taken_up(endless, {noon + 2h, 1min, true}) == endless);
}

TEST_CASE("drain_end: the kernel's clock is read") {
    const auto clock = read_clock();
    CHECK(clock.uptime > 0s);
    CHECK(clock.now > noon);
}
