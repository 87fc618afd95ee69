#include "tests/bfd/support.hpp"

#include <doctest/doctest.h>

using namespace herald;
using namespace herald::bfd;
using namespace herald::bfd::test;

namespace {

using enum session_state;

/// Brings a session there by packets alone.
void bring_to(session_bench& b, session_state state) {
    switch (state) {
    case admin_down: b.under_test.shut_down(b.at); break;
    case down: break;
    case init: b.hear(down); break;
    case up: b.bring_up(); break;
    }
    REQUIRE(b.under_test.state() == state);
}

} // namespace

TEST_CASE("session: the first packet is due at once, and says Down to nobody in particular, octet "
          "for octet") {
    session_bench b;
    CHECK(b.under_test.next_timer() == b.at.now);
    const auto actions = b.under_test.expired(b.at);
    REQUIRE(actions.size() == 1);
    CHECK(std::get<action::send>(actions[0]).packet ==
          hex("20 40 03 18 0000000a 00000000 000f4240 000493e0 00000000"));
    CHECK(b.under_test.snapshot().sent == 1);
}

TEST_CASE("session: the way Up, each step said at once, and intervals by a poll when there") {
    session_bench b;
    CHECK(b.hear(down) == lines{"Down -> Init", "send Init to b0, 3 of 1000/300 ms"});
    CHECK(b.hear(init) == lines{"Init -> Up", "send Up P to b0, 3 of 300/300 ms"});
    auto answer = their_packet(up);
    answer.final = true;
    CHECK(b.hear(answer) == lines{});
    CHECK_FALSE(b.under_test.snapshot().polling);
    CHECK(b.under_test.snapshot().received == 3);
    CHECK(b.under_test.snapshot().transitions == 2);
}

TEST_CASE("session: each state with each state that is heard, RFC 5880 §6.8.6") {
    struct row {
        session_state from, heard, to;
    };
    for (const auto& [from, heard, to] :
         {row{down, admin_down, down}, row{down, down, init}, row{down, init, up},
          row{down, up, down}, row{init, admin_down, down}, row{init, down, init},
          row{init, init, up}, row{init, up, up}, row{up, admin_down, down}, row{up, down, down},
          row{up, init, up}, row{up, up, up}, row{admin_down, admin_down, admin_down},
          row{admin_down, down, admin_down}, row{admin_down, init, admin_down},
          row{admin_down, up, admin_down}}) {
        CAPTURE(to_string(from));
        CAPTURE(to_string(heard));
        session_bench b;
        bring_to(b, from);
        const auto before = b.under_test.snapshot().transitions;
        const auto what = b.hear(heard);
        CHECK(b.under_test.state() == to);
        CHECK(what.empty() == (from == to));
        CHECK(b.under_test.snapshot().transitions == before + (from == to ? 0 : 1));
        if (from != to && to == down)
            CHECK(b.under_test.snapshot().diagnostic == diagnostic::neighbor_signaled_down);
    }
}

TEST_CASE("session: what goes Down by a word of the other side says so, and knows which word") {
    session_bench b;
    b.bring_up();
    CHECK(b.hear(down) == lines{"Up -> Down: Neighbor Signaled Session Down",
                                "send Down(3) P to b0, 3 of 1000/300 ms"});
    b.bring_up();
    CHECK(b.hear(admin_down) == lines{"Up -> Down: Neighbor Signaled Session Down, there AdminDown",
                                      "send Down(3) P to b0, 3 of 1000/300 ms"});
    CHECK(b.under_test.snapshot().remote_state == admin_down);
}

TEST_CASE("session: when nothing is heard for the detection time it is Down, and knows of nobody") {
    session_bench b;
    b.bring_up();
    REQUIRE(b.under_test.detection_time() == 900ms);
    b.at.now += 900ms - 1ns;
    for (const auto& line : in_lines(b.under_test.expired(b.at)))
        CHECK(line == "send Up to b0, 3 of 300/300 ms");
    CHECK(b.under_test.next_timer() == b.at.now + 1ns);
    b.at.now += 1ns;
    CHECK(
        in_lines(b.under_test.expired(b.at)) ==
        lines{"Up -> Down: Control Detection Time Expired", "send Down(1) to 0, 3 of 1000/300 ms"});
    CHECK(b.under_test.snapshot().remote == 0);
    CHECK(b.under_test.detection_time() == 0us);
    session_bench beginning;
    beginning.hear(down);
    beginning.at.now += 900ms;
    CHECK(in_lines(beginning.under_test.expired(beginning.at)) ==
          lines{"Init -> Down: Control Detection Time Expired",
                "send Down(1) to 0, 3 of 1000/300 ms"});
}

TEST_CASE("session: RemoteDiscr is forgotten after a detection time in Down as well, RFC 5880 "
          "§6.8.1") {
    session_bench b;
    b.hear(admin_down);
    REQUIRE(b.under_test.snapshot().remote == theirs);
    b.at.now += 900ms - 1ns;
    b.under_test.expired(b.at);
    CHECK(b.under_test.snapshot().remote == theirs);
    b.at.now += 1ns;
    CHECK(in_lines(b.under_test.expired(b.at)) == lines{});
    CHECK(b.under_test.snapshot().remote == 0);
    CHECK(b.under_test.snapshot().remote_state == down);
}

TEST_CASE("session: a router that has restarted, and so knows nobody, takes an Up session Down") {
    session_bench b;
    b.bring_up();
    auto packet = their_packet(down);
    packet.mine = 0xB1;
    packet.yours = 0;
    CHECK(b.hear(packet) == lines{"Up -> Down: Neighbor Signaled Session Down",
                                  "send Down(3) P to b1, 3 of 1000/300 ms"});
}

TEST_CASE("session: a packet for another session is dropped, and changes nothing") {
    session_bench b;
    auto packet = their_packet(down);
    packet.yours = ours + 1;
    CHECK(b.hear(packet) == lines{});
    CHECK(b.dropped(discard::unknown_session) == 1);
    CHECK(b.under_test.snapshot().received == 0);
    CHECK(b.under_test.snapshot().remote == 0);
}

TEST_CASE("session: what the shell drops is counted, too") {
    session_bench b;
    b.under_test.dropped(discard::hop_limit);
    CHECK(b.dropped(discard::hop_limit) == 1);
}

TEST_CASE("session: a passive one says nothing until it is spoken to, and nothing again when the "
          "other side is gone") {
    session_bench b({.passive = true});
    CHECK(b.under_test.next_timer() == std::nullopt);
    CHECK(in_lines(b.under_test.expired(b.at)) == lines{});
    CHECK(b.hear(down) == lines{"Down -> Init", "send Init to b0, 3 of 1000/300 ms"});
    CHECK(b.hear(up) == lines{"Init -> Up", "send Up P to b0, 3 of 300/300 ms"});
    b.at.now += 900ms;
    CHECK(in_lines(b.under_test.expired(b.at)) ==
          lines{"Up -> Down: Control Detection Time Expired"});
    CHECK(b.under_test.next_timer() == std::nullopt);
}

TEST_CASE("session: AdminDown is said for a detection time, then no more, RFC 5880 §6.8.16") {
    session_bench b;
    b.bring_up();
    CHECK(in_lines(b.under_test.shut_down(b.at)) ==
          lines{"Up -> AdminDown: Administratively Down",
                "send AdminDown(7) P to b0, 3 of 1000/300 ms"});
    CHECK_FALSE(b.under_test.finished());
    CHECK(in_lines(b.under_test.shut_down(b.at)) == lines{});
    const auto end = b.at.now + 3s;
    auto answer = their_packet(down);
    answer.final = true;
    std::size_t packets = 0;
    while (b.at.now < end) {
        b.hear(answer); // which keeps the other side known
        for (const auto& line : b.pass(100ms)) {
            CHECK(line.ends_with("send AdminDown(7) to b0, 3 of 1000/300 ms"));
            ++packets;
        }
    }
    CHECK(packets >= 2);
    CHECK(packets <= 3);
    CHECK(b.under_test.finished());
    CHECK(b.dropped(discard::administratively_down) == 30);
    b.hear(down);
    CHECK(b.pass(1h) == lines{});
    CHECK(b.under_test.next_timer() == std::nullopt);
}

TEST_CASE("session: AdminDown ends early when the other side is heard no more, and at once when it "
          "never was") {
    session_bench b;
    b.bring_up();
    b.under_test.shut_down(b.at);
    b.pass(899ms);
    CHECK_FALSE(b.under_test.finished());
    b.pass(1ms);
    CHECK(b.under_test.finished());
    session_bench lonely;
    CHECK(in_lines(lonely.under_test.shut_down(lonely.at)) ==
          lines{"Down -> AdminDown: Administratively Down"});
    CHECK(lonely.under_test.finished());
    CHECK(lonely.under_test.next_timer() == std::nullopt);
}

TEST_CASE("session: one that is enabled again begins in Down") {
    session_bench b;
    CHECK(in_lines(b.under_test.enable(b.at)) == lines{});
    b.bring_up();
    b.under_test.shut_down(b.at);
    CHECK(in_lines(b.under_test.enable(b.at)) ==
          lines{"AdminDown -> Down", "send Down to b0, 3 of 1000/300 ms"});
    CHECK(b.hear(down) == lines{"Down -> Init", "send Init to b0, 3 of 1000/300 ms"});
}

TEST_CASE("session: a Poll is answered with a Final at once, whatever the interval is, and in "
          "AdminDown not at all") {
    session_bench b;
    b.bring_up();
    auto poll = their_packet(up);
    poll.poll = true;
    const auto sent_at = b.under_test.snapshot().sent_at;
    b.at.now += 1ms;
    for (int i = 0; i < 3; ++i)
        CHECK(b.hear(poll) == lines{"send Up F to b0, 3 of 300/300 ms"});
    // Periodic packets are not put off by it.
    CHECK(b.under_test.snapshot().sent_at == sent_at);
    b.under_test.shut_down(b.at);
    CHECK(b.hear(poll) == lines{});
}

TEST_CASE("session: a Final says what is new as well, and then no other packet does") {
    session_bench b;
    auto poll = their_packet(down);
    poll.poll = true;
    CHECK(b.hear(poll) == lines{"Down -> Init", "send Init F to b0, 3 of 1000/300 ms"});
}

TEST_CASE("session: no packet is Poll and Final, RFC 5880 §6.5") {
    session_bench b;
    b.hear(down);
    b.hear(init);
    REQUIRE(b.under_test.snapshot().polling);
    auto poll = their_packet(up);
    poll.poll = true;
    CHECK(b.hear(poll) == lines{"send Up F to b0, 3 of 300/300 ms"});
    CHECK(b.under_test.snapshot().polling);
}

TEST_CASE("session: with a key every packet is signed, each with the number after the last one's") {
    const authentication_settings key{authentication_type::meticulous_sha1, 1, "secret"};
    session_bench b({.authentication = key});
    const auto first = b.under_test.snapshot().send_sequence;
    for (std::uint32_t i = 1; i <= 5; ++i) {
        b.at.now += 1s;
        const auto actions = b.under_test.expired(b.at);
        REQUIRE(actions.size() == 1);
        CHECK(verify(*decode(std::get<action::send>(actions[0]).packet), key).value() == first + i);
    }
    CHECK(session_bench({}, 2).under_test.snapshot().send_sequence != first);
}

TEST_CASE("session: numbers that are taken, RFC 5880 §6.7.4") {
    struct row {
        authentication_type type;
        std::uint32_t last, next;
        bool taken;
    };
    using enum authentication_type;
    for (const auto& [type, last, next, taken] :
         {row{meticulous_sha1, 100, 100, false}, row{meticulous_sha1, 100, 101, true},
          row{meticulous_sha1, 100, 109, true}, row{meticulous_sha1, 100, 110, false},
          row{meticulous_sha1, 100, 99, false}, row{keyed_sha1, 100, 100, true},
          row{keyed_sha1, 100, 109, true}, row{keyed_sha1, 100, 110, false},
          row{keyed_sha1, 100, 99, false}, row{meticulous_sha1, 0xFFFFFFFF, 0, true},
          row{keyed_sha1, 0xFFFFFFFC, 5, true}, row{keyed_sha1, 0xFFFFFFFC, 6, false}}) {
        CAPTURE(last);
        CAPTURE(next);
        const authentication_settings key{type, 1, "secret"};
        session_bench b({.authentication = key});
        b.hear_signed(their_packet(down), key, last);
        REQUIRE(b.under_test.state() == init);
        b.hear_signed(their_packet(init), key, next);
        CHECK(b.under_test.state() == (taken ? up : init));
        CHECK(b.dropped(discard::authentication_sequence) == (taken ? 0 : 1));
        CHECK(b.under_test.snapshot().received_sequence == (taken ? next : last));
    }
}

TEST_CASE("session: a packet that is not signed as it has to be is dropped, and changes nothing") {
    const authentication_settings key{authentication_type::keyed_sha1, 1, "secret"};
    session_bench b({.authentication = key});
    auto other = key;
    other.key = "other";
    CHECK(b.hear(down) == lines{});
    CHECK(b.hear_signed(their_packet(down), other, 7) == lines{});
    CHECK(b.dropped(discard::authentication_missing) == 1);
    CHECK(b.dropped(discard::authentication_digest) == 1);
    CHECK(b.under_test.snapshot().received_sequence == std::nullopt);
    CHECK(b.under_test.snapshot().remote == 0);
}

TEST_CASE("session: the number is forgotten after twice the detection time, RFC 5880 §6.8.1") {
    const authentication_settings key{authentication_type::meticulous_sha1, 1, "secret"};
    session_bench b({.authentication = key});
    b.hear_signed(their_packet(down), key, 100);
    b.pass(1800ms - 1ms);
    b.hear_signed(their_packet(down), key, 50);
    CHECK(b.dropped(discard::authentication_sequence) == 1);
    b.pass(1ms);
    CHECK(b.under_test.snapshot().received_sequence == std::nullopt);
    b.hear_signed(their_packet(down), key, 50);
    CHECK(b.under_test.snapshot().received_sequence == 50);
    CHECK(b.under_test.snapshot().forget_sequence_at == std::nullopt);
}

TEST_CASE("session: with another key numbers begin anew") {
    authentication_settings key{authentication_type::meticulous_sha1, 1, "secret"};
    session_bench b({.authentication = key});
    b.hear_signed(their_packet(down), key, 100);
    key.key = "another";
    CHECK(in_lines(b.under_test.change({.authentication = key}, b.at)) == lines{});
    b.hear_signed(their_packet(init), key, 7);
    CHECK(b.under_test.state() == up);
}
