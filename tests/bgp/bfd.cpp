// What BFD means to a peer: RFC 9384, and draft-ietf-idr-bgp-bfd-strict-mode.
#include "tests/bgp/peer_support.hpp"

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

const auto keepalive = wire::encode_keepalive();

struct bfd_bench : peer_bench {
    using peer_bench::peer_bench;
    lines bfd(bool up, bool by_operator = false) {
        return in_lines(under_test.bfd_changed(up, by_operator, at));
    }
};

peer_settings strict_settings() {
    auto settings = peering_settings();
    settings.session.bfd_strict = true;
    return settings;
}

/// One whose OPEN was answered with an OPEN; the connection is 1.
struct waiting : bfd_bench {
    explicit waiting(const wire::open_message& open = peer_open()) : bfd_bench(strict_settings()) {
        start();
        connected(1);
        written(1);
        CHECK(receive(1, wire::encode(open)) == lines{});
        CHECK(under_test.state() == session_state::open_sent);
        CHECK(written(1).empty());
    }
};

} // namespace

TEST_CASE("bfd: from Up to Down ends a session at once with 6/10, RFC 9384") {
    bfd_bench b;
    CHECK(b.bfd(true) == lines{});
    b.establish();
    CHECK(b.bfd(true) == lines{});
    CHECK(b.bfd(false) ==
          lines{"close 1 after " + herald::test::to_hex(
                                       wire::encode(wire::make_cease(wire::cease_code::bfd_down))),
                "Established -> Active", "ended: sent Cease / BFD Down"});
    // It is dialled again, as after any other end.
    CHECK(b.under_test.next_timer());
}

TEST_CASE("bfd: in OpenConfirm as well, and a connection that is not as far goes on") {
    bfd_bench b;
    b.bfd(true);
    b.start();
    b.connected(1);
    CHECK(b.bfd(false) == lines{});
    b.bfd(true);
    b.receive(1, wire::encode(peer_open()));
    REQUIRE(b.under_test.state() == session_state::open_confirm);
    CHECK(b.bfd(false).back() == "ended: sent Cease / BFD Down");
}

TEST_CASE("bfd: what an operator has switched off, and what was never Up, ends nothing") {
    bfd_bench b;
    b.establish();
    CHECK(b.bfd(false) == lines{});
    b.bfd(true);
    CHECK(b.bfd(false, true) == lines{});
    CHECK(b.bfd(false) == lines{});
    CHECK(b.under_test.established());
    b.bfd(true);
    CHECK(b.bfd(false).size() == 3);
}

TEST_CASE("bfd: a neighbor that would keep our routes over a NOTIFICATION gets a hard reset, RFC "
          "8538 §5") {
    auto settings = peering_settings();
    settings.session.graceful_restart = 120s;
    bfd_bench b(settings);
    auto open = peer_open();
    wire::graceful_restart_capability restarts;
    restarts.notification = true;
    restarts.entries = {{1, 1, false}};
    open.capabilities.emplace_back(restarts);
    b.start();
    b.connected(1);
    b.receive(1, wire::encode(open));
    b.receive(1, keepalive);
    b.written(1);
    REQUIRE(b.under_test.keeps_routes());
    b.bfd(true);
    CHECK(b.bfd(false).front() ==
          "close 1 after " + herald::test::to_hex(wire::encode(wire::make_hard_reset(
                                 wire::make_cease(wire::cease_code::bfd_down)))));
}

TEST_CASE("bfd: strict mode is offered with capability 74") {
    const auto offered = make_open(strict_settings().session).capabilities;
    CHECK(offered.back() == wire::capability{wire::bfd_strict_capability{}});
    const auto octets = herald::test::to_hex(wire::encode(make_open(strict_settings().session)));
    CHECK(octets.ends_with("4600"
                           "4a00"));
}

TEST_CASE("bfd: strictly, the KEEPALIVE that answers OPEN waits for BFD, in OpenSent") {
    waiting b;
    CHECK(b.bfd(false) == lines{});
    CHECK(b.bfd(true) == lines{"OpenSent -> OpenConfirm"});
    CHECK(b.written(1) == keepalive);
    b.receive(1, keepalive);
    CHECK(b.under_test.established());
}

TEST_CASE("bfd: strictly, a neighbor that does not wait may confirm before") {
    waiting b;
    CHECK(b.receive(1, keepalive) == lines{});
    CHECK(b.under_test.state() == session_state::open_sent);
    const auto what = b.bfd(true);
    CHECK(what.back() == "up");
    CHECK(b.under_test.established());
    CHECK(b.written(1).size() >= keepalive.size());
}

TEST_CASE("bfd: strictly, with BFD Up nothing waits, also on a connection that came later") {
    bfd_bench b(strict_settings());
    b.bfd(true);
    b.establish();
    CHECK(b.bfd(false).back() == "ended: sent Cease / BFD Down");
    b.pass(20s);
    b.accepted();
    const auto id = b.under_test.next_connection() - 1;
    b.written(id);
    CHECK(b.receive(id, wire::encode(peer_open())) == lines{});
    CHECK(b.written(id).empty());
}

TEST_CASE("bfd: strictly, it waits as long as the hold time and then says why it ends") {
    waiting b;
    CHECK(b.pass(30s - 1ms) == lines{});
    b.receive(1, keepalive); // which does not make it wait longer
    const auto what = b.pass(1ms);
    REQUIRE(what.size() >= 3);
    CHECK(what[1] == "OpenSent -> Active");
    CHECK(what[2] == "ended: sent Cease / BFD Down");
    auto without_hold_time = peer_open();
    without_hold_time.hold_time = 0;
    waiting other(without_hold_time);
    CHECK(other.pass(30s - 1ms) == lines{});
    CHECK(other.pass(1ms).at(2) == "ended: sent Cease / BFD Down");
}

TEST_CASE("bfd: while it waits a second OPEN and an UPDATE are errors, RFC 6608 §3") {
    waiting b;
    CHECK(b.receive(1, wire::encode(peer_open())).back().starts_with("ended: sent Finite State"));
    waiting other;
    CHECK(other.receive(1, herald::test::message(2, {0, 0, 0, 0}))
              .back()
              .starts_with("ended: sent Finite State"));
}

TEST_CASE("bfd: of two connections that wait one is closed, RFC 4271 §6.8") {
    for (const std::uint32_t identifier : {0x01000000U, 0xF0000000U}) {
        waiting b(open_from(identifier));
        const auto second = b.accepted();
        b.written(second);
        const auto what = b.receive(second, wire::encode(open_from(identifier)));
        REQUIRE_FALSE(what.empty());
        CHECK(what.back() == "ended: sent Cease / Connection Collision Resolution");
        CHECK(b.bfd(true) == lines{"OpenSent -> OpenConfirm"});
        CHECK(b.written(identifier == 0x01000000U ? 1 : second) == keepalive);
    }
}

TEST_CASE("bfd: a connection that waits is not handed over, but dialled anew") {
    waiting b;
    const auto snapshot = b.under_test.snapshot();
    CHECK(find_fault(snapshot) == std::nullopt);
    CHECK(snapshot.connections.empty());
    peer next(strict_settings(), snapshot, std::make_shared<audience>());
    CHECK(next.next_timer() <= b.at.now);
}
