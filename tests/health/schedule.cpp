#include "herald/health/schedule.hpp"

#include <doctest/doctest.h>

namespace herald::health {
namespace {

using namespace std::chrono_literals;

constexpr schedule::time_point epoch{};

/// A check that runs every 5 s, or every second while results disagree, begun at 0.
schedule begun() {
    schedule result(5s, 1s);
    result.first(epoch, 0s);
    return result;
}

TEST_CASE("schedule: the first run is put off by the splay") {
    CHECK(schedule(5s, 1s).first(epoch + 10s, 300ms) == epoch + 10s + 300ms);
}

TEST_CASE("schedule: the splay is at most the interval, and at most a second") {
    CHECK(schedule(5s, 1s).longest_splay() == 1s);
    CHECK(schedule(200ms, 100ms).longest_splay() == 200ms);
}

TEST_CASE("schedule: runs are counted from start to start, however long they take") {
    auto under_test = begun();
    CHECK(under_test.next(epoch + 100ms, false) == epoch + 5s);
    CHECK(under_test.next(epoch + 9s, false) == epoch + 10s);
}

TEST_CASE("schedule: lateness of a run does not add up") {
    auto under_test = begun();
    auto due = epoch;
    for (int i = 0; i < 1000; ++i)
        due = under_test.next(due + 3ms, false);
    CHECK(due == epoch + 5000s);
}

TEST_CASE("schedule: while results disagree, runs follow at the fast interval") {
    auto under_test = begun();
    CHECK(under_test.next(epoch + 1ms, true) == epoch + 1s);
    CHECK(under_test.next(epoch + 1001ms, true) == epoch + 2s);
    CHECK(under_test.next(epoch + 2001ms, false) == epoch + 7s);
}

TEST_CASE("schedule: a fast interval over the interval does not slow runs down") {
    schedule under_test(500ms, 1s);
    under_test.first(epoch, 0s);
    CHECK(under_test.next(epoch + 1ms, true) == epoch + 500ms);
}

TEST_CASE("schedule: after a run that took longer than the interval the next is due at once, and "
          "the one after it on the old beat") {
    auto under_test = begun();
    CHECK(under_test.next(epoch + 5s, false) == epoch + 5s);
    CHECK(under_test.next(epoch + 12s, false) == epoch + 10s);
    CHECK(under_test.next(epoch + 12s + 1ms, false) == epoch + 15s);
}

TEST_CASE("schedule: runs that were missed are not made up for") {
    auto under_test = begun();
    CHECK(under_test.next(epoch + 3602s, true) == epoch + 3602s);
    CHECK(under_test.next(epoch + 3602s + 1ms, false) == epoch + 3607s);
}

} // namespace
} // namespace herald::health
