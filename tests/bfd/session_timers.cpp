#include "tests/bfd/support.hpp"

#include <doctest/doctest.h>

using namespace herald;
using namespace herald::bfd;
using namespace herald::bfd::test;

namespace {

using enum session_state;

/// The times between packets, `count` of them, while the other side is heard all the time.
std::vector<microseconds> gaps(session_bench& b, session_state heard, std::size_t count) {
    std::vector<microseconds> all;
    std::optional<time_point> last;
    while (all.size() < count) {
        b.hear(heard);
        b.at.now = *b.under_test.next_timer();
        if (b.under_test.expired(b.at).empty())
            continue;
        if (last)
            all.push_back(std::chrono::duration_cast<microseconds>(b.at.now - *last));
        last = b.at.now;
    }
    return all;
}

session_settings with(microseconds min_tx, microseconds min_rx, std::uint8_t multiplier = 3) {
    return {.min_tx = min_tx, .min_rx = min_rx, .multiplier = multiplier};
}

control_packet final_packet() {
    auto packet = their_packet(up);
    packet.final = true;
    return packet;
}

} // namespace

TEST_CASE("session_timers: jitter takes up to a quarter of the interval, and never adds to it, RFC "
          "5880 §6.8.7") {
    session_bench b;
    b.bring_up();
    const auto between = gaps(b, up, 1000);
    CHECK(std::ranges::min(between) >= 225ms);
    CHECK(std::ranges::min(between) < 228ms);
    CHECK(std::ranges::max(between) <= 300ms);
    CHECK(std::ranges::max(between) > 297ms);
}

TEST_CASE("session_timers: with a multiplier of 1 a tenth of the interval at least") {
    session_bench b(with(300ms, 300ms, 1));
    b.bring_up();
    const auto between = gaps(b, up, 1000);
    CHECK(std::ranges::min(between) >= 225ms);
    CHECK(std::ranges::min(between) < 228ms);
    CHECK(std::ranges::max(between) <= 270ms);
    CHECK(std::ranges::max(between) > 268ms);
}

TEST_CASE("session_timers: a packet a second at most while it is not Up, RFC 5880 §6.8.3") {
    session_bench b(with(10ms, 10ms));
    const auto between = gaps(b, admin_down, 200);
    CHECK(std::ranges::min(between) >= 750ms);
    CHECK(std::ranges::max(between) <= 1s);
    session_bench slow(with(5s, 5s));
    const auto slower = gaps(slow, admin_down, 200);
    CHECK(std::ranges::min(slower) >= 3750ms);
    CHECK(std::ranges::max(slower) > 4s);
}

TEST_CASE("session_timers: the slower side decides how often packets are sent") {
    session_bench b(with(50ms, 50ms));
    b.bring_up();
    CHECK(b.under_test.tx_interval() == 300ms);
    auto packet = their_packet(up);
    packet.required_min_rx = 20ms;
    b.hear(packet);
    CHECK(b.under_test.tx_interval() == 50ms);
}

TEST_CASE("session_timers: detection takes the other side's multiplier, and the slower of its "
          "interval and ours, RFC 5880 §6.8.4") {
    session_bench b(with(50ms, 100ms, 7));
    b.bring_up();
    CHECK(b.under_test.detection_time() == 900ms);
    auto packet = their_packet(up);
    packet.multiplier = 5;
    packet.desired_min_tx = 40ms;
    b.hear(packet);
    CHECK(b.under_test.detection_time() == 500ms);
    CHECK(b.under_test.rx_interval() == 100ms);
}

TEST_CASE("session_timers: a shorter interval holds from the last packet on: if it is over, the "
          "next is due at once, RFC 5880 §6.8.3") {
    session_bench b(with(50ms, 50ms));
    b.bring_up();
    REQUIRE(b.under_test.tx_interval() == 300ms);
    b.at.now += 100ms;
    auto packet = their_packet(up);
    packet.required_min_rx = 50ms;
    CHECK(b.hear(packet) == lines{});
    CHECK(b.under_test.next_timer() <= b.at.now);
    CHECK(in_lines(b.under_test.expired(b.at)) == lines{"send Up to b0, 3 of 50/50 ms"});
}

TEST_CASE("session_timers: a raised interval is said at once and counts after the Final, RFC 5880 "
          "§6.8.3") {
    session_bench b;
    b.bring_up();
    CHECK(in_lines(b.under_test.change(with(900ms, 300ms), b.at)) ==
          lines{"send Up P to b0, 3 of 900/300 ms"});
    CHECK(b.under_test.tx_interval() == 300ms);
    const auto polls = gaps(b, up, 20);
    CHECK(std::ranges::max(polls) <= 300ms);
    CHECK(b.under_test.snapshot().polling);
    b.hear(final_packet());
    CHECK(b.under_test.tx_interval() == 900ms);
    CHECK_FALSE(b.under_test.snapshot().polling);
}

TEST_CASE("session_timers: a lowered interval counts at once") {
    session_bench b;
    b.bring_up();
    auto packet = their_packet(up);
    packet.required_min_rx = 10ms;
    b.hear(packet);
    CHECK(in_lines(b.under_test.change(with(100ms, 300ms), b.at)) ==
          lines{"send Up P to b0, 3 of 100/300 ms"});
    CHECK(b.under_test.tx_interval() == 100ms);
}

TEST_CASE("session_timers: detection is faster after the Final, and slower at once") {
    session_bench b;
    b.bring_up();
    auto packet = their_packet(up);
    packet.desired_min_tx = 10ms;
    b.hear(packet);
    REQUIRE(b.under_test.detection_time() == 900ms);
    CHECK(in_lines(b.under_test.change(with(300ms, 100ms), b.at)) ==
          lines{"send Up P to b0, 3 of 300/100 ms"});
    CHECK(b.under_test.detection_time() == 900ms);
    packet.final = true;
    b.hear(packet);
    CHECK(b.under_test.detection_time() == 300ms);
    packet.final = false;
    b.hear(packet);
    CHECK(in_lines(b.under_test.change(with(300ms, 500ms), b.at)) ==
          lines{"send Up P to b0, 3 of 300/500 ms"});
    CHECK(b.under_test.detection_time() == 1500ms);
}

TEST_CASE("session_timers: one poll at a time: what changes meanwhile waits for the Final, and for "
          "a packet after it that is none, RFC 5880 §6.8.3") {
    session_bench b;
    b.bring_up();
    b.under_test.change(with(400ms, 300ms), b.at);
    CHECK(in_lines(b.under_test.change(with(500ms, 300ms), b.at)) == lines{});
    CHECK(in_lines(b.under_test.change(with(600ms, 600ms), b.at)) == lines{});
    CHECK(b.hear(final_packet()) == lines{});
    CHECK(b.under_test.tx_interval() == 400ms);
    CHECK(b.hear(final_packet()) == lines{});
    CHECK(b.hear(up) == lines{"send Up P to b0, 3 of 600/600 ms"});
    CHECK(b.under_test.tx_interval() == 400ms);
    b.hear(final_packet());
    CHECK(b.under_test.tx_interval() == 600ms);
}

TEST_CASE("session_timers: what is asked for and taken back while a poll goes on is never said") {
    session_bench b;
    b.bring_up();
    b.under_test.change(with(400ms, 300ms), b.at);
    b.under_test.change(with(500ms, 300ms), b.at);
    b.under_test.change(with(400ms, 300ms), b.at);
    b.hear(final_packet());
    CHECK(b.hear(up) == lines{});
}

TEST_CASE("session_timers: a Final that nobody asked for is nothing") {
    session_bench b;
    b.bring_up();
    CHECK(b.hear(final_packet()) == lines{});
    CHECK_FALSE(b.under_test.snapshot().settling);
}

TEST_CASE("session_timers: going Down ends a poll, and what it has held back") {
    session_bench b;
    b.bring_up();
    b.under_test.change(with(900ms, 100ms), b.at);
    b.at.now += 900ms;
    CHECK(
        in_lines(b.under_test.expired(b.at)) ==
        lines{"Up -> Down: Control Detection Time Expired", "send Down(1) to 0, 3 of 1000/100 ms"});
    CHECK(b.under_test.snapshot().earlier_min_tx == std::nullopt);
    CHECK(b.under_test.snapshot().earlier_min_rx == std::nullopt);
    CHECK_FALSE(b.under_test.snapshot().polling);
}

TEST_CASE("session_timers: in Down settings change at once, and a poll says so when there is "
          "somebody to hear it") {
    session_bench b;
    CHECK(in_lines(b.under_test.change(with(2s, 100ms), b.at)) ==
          lines{"send Down to 0, 3 of 2000/100 ms"});
    CHECK(b.under_test.tx_interval() == 2s);
    b.hear(admin_down);
    CHECK(in_lines(b.under_test.change(with(3s, 100ms), b.at)) ==
          lines{"send Down P to b0, 3 of 3000/100 ms"});
    CHECK(b.under_test.tx_interval() == 3s);
    // Faster than a second is for Up.
    CHECK(in_lines(b.under_test.change(with(10ms, 100ms), b.at)) ==
          lines{"send Down P to b0, 3 of 1000/100 ms"});
    CHECK(in_lines(b.under_test.change(with(20ms, 100ms), b.at)) == lines{});
}

TEST_CASE("session_timers: another multiplier is said at once, and needs no poll, RFC 5880 "
          "§6.8.12") {
    session_bench b;
    b.bring_up();
    CHECK(in_lines(b.under_test.change(with(300ms, 300ms, 5), b.at)) ==
          lines{"send Up to b0, 5 of 300/300 ms"});
    CHECK(in_lines(b.under_test.change(with(300ms, 300ms, 5), b.at)) == lines{});
}

TEST_CASE("session_timers: to a Required Min RX Interval of 0 nothing is sent but what is asked "
          "for or new, RFC 5880 §6.8.7") {
    session_bench b;
    b.bring_up();
    auto packet = their_packet(up);
    packet.required_min_rx = 0us;
    b.hear(packet);
    CHECK(b.under_test.next_timer() == b.at.now + 900ms); // detection
    b.at.now += 800ms;
    CHECK(in_lines(b.under_test.expired(b.at)) == lines{});
    packet.poll = true;
    CHECK(b.hear(packet) == lines{"send Up F to b0, 3 of 300/300 ms"});
    // Of a router that is gone it is forgotten: with another this side speaks first.
    b.at.now += 900ms;
    b.under_test.expired(b.at);
    CHECK(b.pass(1s).size() == 1);
}

TEST_CASE("session_timers: a side in demand mode is sent nothing but polls once both are Up, RFC "
          "5880 §6.6") {
    session_bench b;
    b.bring_up();
    auto packet = their_packet(up);
    packet.demand = true;
    b.hear(packet);
    CHECK(b.under_test.next_timer() == b.at.now + 900ms); // detection
    b.at.now += 500ms;
    CHECK(in_lines(b.under_test.expired(b.at)) == lines{});
    packet.poll = true;
    CHECK(b.hear(packet) == lines{"send Up F to b0, 3 of 300/300 ms"});
    packet.poll = false;
    CHECK(in_lines(b.under_test.change(with(200ms, 300ms), b.at)) ==
          lines{"send Up P to b0, 3 of 200/300 ms"});
    CHECK(b.pass(300ms).size() == 1); // until it is answered
    packet.final = true;
    b.hear(packet);
    CHECK(b.pass(800ms) == lines{});
    packet.final = false;
    packet.state = init; // it is not Up
    b.hear(packet);
    CHECK(b.pass(100ms).size() == 1);
}

TEST_CASE("session_timers: intervals of more than an hour are intervals, too") {
    session_bench b;
    auto packet = their_packet(down);
    packet.multiplier = 255;
    packet.desired_min_tx = packet.required_min_rx = 4294967295us;
    b.hear(packet);
    CHECK(b.under_test.tx_interval() == 4294967295us);
    CHECK(b.under_test.detection_time() == 255 * 4294967295us);
    b.at.now += 3000s;
    CHECK(in_lines(b.under_test.expired(b.at)) == lines{});
    b.at.now += 1295s;
    CHECK(in_lines(b.under_test.expired(b.at)) == lines{"send Init to b0, 3 of 1000/300 ms"});
    b.at.now += 255 * 4294967295us;
    CHECK(in_lines(b.under_test.expired(b.at)) ==
          lines{"Init -> Down: Control Detection Time Expired",
                "send Down(1) to 0, 3 of 1000/300 ms"});
}
