#include "tests/bfd/support.hpp"

#include <doctest/doctest.h>

using namespace herald;
using namespace herald::bfd;
using namespace herald::bfd::test;

TEST_CASE("session_snapshot: of one that contradicts itself no session is made") {
    session_bench b;
    b.bring_up();
    const auto right = b.under_test.snapshot();
    REQUIRE(find_fault(right) == std::nullopt);
    const auto fault_with = [&](const auto& change) {
        auto wrong = right;
        change(wrong);
        return find_fault(wrong).value_or("nothing");
    };
    using one = session_snapshot;
    CHECK(fault_with([](one& wrong) { wrong.version = 2; }) == "its version is 2, not 1");
    CHECK(fault_with([](one& wrong) { wrong.local = 0; }) == "it has no discriminator");
    CHECK(fault_with([](one& wrong) { wrong.state = session_state{4}; }) == "it is in no state");
    const auto* const unknown =
        "it knows of a neighbor that it has not heard, or not enough of one that it has";
    CHECK(fault_with([](one& wrong) { wrong.remote = 0; }) == unknown);
    CHECK(fault_with([](one& wrong) { wrong.heard_at.reset(); }) == unknown);
    CHECK(fault_with([](one& wrong) { wrong.remote_multiplier = 0; }) == unknown);
    CHECK(fault_with([](one& wrong) {
              wrong.remote = 0;
              wrong.heard_at.reset();
              wrong.remote_multiplier = 0;
          }) == "it has a session with nobody");
    CHECK(fault_with([](one& wrong) { wrong.silent_at = time_point(); }) ==
          "it is to fall silent and is not AdminDown");
    const auto* const impossible = "it has intervals that cannot be";
    CHECK(fault_with([](one& wrong) { wrong.desired_min_tx = -1us; }) == impossible);
    CHECK(fault_with([](one& wrong) { wrong.remote_min_rx = 4294967296us; }) == impossible);
    CHECK(fault_with([](one& wrong) { wrong.earlier_min_tx = 4294967296us; }) == impossible);
    CHECK(fault_with([](one& wrong) { wrong.jitter = 1'000'001; }) == impossible);
    const auto* const never = "it has times that cannot be";
    CHECK(fault_with([](one& wrong) { wrong.heard_at = time_point::max(); }) == never);
    CHECK(fault_with([](one& wrong) { wrong.sent_at = time_point::min(); }) == never);
    CHECK(fault_with([](one& wrong) { wrong.forget_sequence_at = time_point::max(); }) == never);
    CHECK(fault_with([](one& wrong) {
              wrong.state = session_state::admin_down;
              wrong.silent_at = time_point::max();
          }) == never);
}

TEST_CASE("session_snapshot: counters and what was heard are part of it") {
    session_bench b;
    b.bring_up();
    b.under_test.dropped(discard::hop_limit);
    const session same(b.under_test.settings(), b.under_test.snapshot());
    CHECK(same.snapshot() == b.under_test.snapshot());
    CHECK(same.snapshot().dropped.of(discard::hop_limit) == 1);
    CHECK(same.next_timer() == b.under_test.next_timer());
}
