// Two connections between the same two speakers, over real sockets.
#include "tests/peering/peering_support.hpp"

#include <algorithm>
#include <optional>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;

namespace {

constexpr std::uint32_t our_identifier = 0xC000020A;
constexpr net::as_number our_as = 65010;
const bytes keepalive = wire::encode_keepalive();
const bytes collision = wire::encode(wire::make_cease(wire::cease_code::collision));
const std::string collision_text = " Cease / Connection Collision Resolution";

/// Who the peer is, in which order the connections were made, and on which its first OPEN comes.
struct encounter {
    std::uint32_t identifier = 0;
    net::as_number as = 64500;
    bool dialled_first = true;      // by us, before the peer's
    bool open_on_dialled = true;    // the peer's first OPEN
    bool peer_notifies_too = false; // and sends 6/7 on its own account
};

/// Whether what we dialled stays, RFC 4271 §6.8 as revised by RFC 6286 §2.3.
bool dialled_stays(const encounter& met) {
    return our_identifier != met.identifier ? our_identifier > met.identifier : our_as > met.as;
}

struct bench {
    asio::io_context context;
    recorder seen;
    raw_router router{context};
    neighbor under_test;
    std::optional<raw_peer> dialled;  // by us
    std::optional<raw_peer> accepted; // from the peer

    explicit bench(net::as_number remote_as = 64500)
        : under_test(on_loopback(context.get_executor()), towards(remote_as), seen) {
        under_test.heard().want(documentation, normal_route(under_test.settings()));
        under_test.start();
    }

    neighbor_settings towards(net::as_number remote_as) const {
        auto settings = settings_towards(router.port());
        settings.session.remote_as = remote_as;
        return settings;
    }
    void take_ours() {
        dialled.emplace(router.accept());
        dialled->receive(); // OPEN
    }
    void dial() {
        auto [ours, theirs] = connected_pair(context);
        under_test.accept(std::move(ours));
        accepted.emplace(context, std::move(theirs));
        accepted->receive(); // OPEN
    }
    std::ptrdiff_t count(const std::string& line) const {
        return std::ranges::count(seen.lines, line);
    }
};

void check_encounter(const encounter& met) {
    bench b(met.as);
    if (met.dialled_first)
        b.take_ours();
    b.dial();
    if (!met.dialled_first)
        b.take_ours();

    auto& first = met.open_on_dialled ? *b.dialled : *b.accepted;
    auto& second = met.open_on_dialled ? *b.accepted : *b.dialled;
    auto& stays = dialled_stays(met) ? *b.dialled : *b.accepted;
    auto& goes = dialled_stays(met) ? *b.accepted : *b.dialled;
    first.send_open(met.as, met.identifier);
    CHECK(first.receive() == keepalive);
    second.send_open(met.as, met.identifier);
    if (met.peer_notifies_too)
        goes.send(collision);
    // Which of two messages that arrive together on two connections is read first is left open.
    const auto last = goes.receive();
    CHECK((last == collision || (met.peer_notifies_too && last.empty())));
    CHECK(goes.closed());
    if (&stays == &second)
        CHECK(stays.receive() == keepalive);
    stays.send_keepalive();
    CHECK(wire::decode_update(*wire::check_update(herald::test::body_of(stays.receive()), {}), {})
              .announced == std::vector{documentation});
    CHECK(b.under_test.established());
    CHECK(b.count("up") == 1);
    CHECK(b.count("sent" + collision_text) + b.count("received" + collision_text) == 1);
    CHECK_FALSE(b.router.dialled_within(10ms)); // the first retry would be made at once
}

} // namespace

TEST_CASE("collision: the connection of the higher identifier stays, whoever dialled first and on "
          "whichever the first OPEN comes, RFC 4271 §6.8") {
    for (const auto identifier : {0xFF000001U, 0x01000001U, our_identifier + 1, our_identifier - 1})
        for (const bool dialled_first : {true, false})
            for (const bool open_on_dialled : {true, false})
                for (const bool peer_notifies_too : {true, false}) {
                    CAPTURE(identifier);
                    CAPTURE(dialled_first);
                    CAPTURE(open_on_dialled);
                    CAPTURE(peer_notifies_too);
                    check_encounter(
                        {identifier, 64500, dialled_first, open_on_dialled, peer_notifies_too});
                }
}

TEST_CASE(
    "collision: with equal identifiers the connection of the higher AS stays, RFC 6286 §2.3") {
    for (const net::as_number as : {64500U, 65020U, 4'200'000'000U})
        for (const bool dialled_first : {true, false})
            for (const bool open_on_dialled : {true, false}) {
                CAPTURE(as);
                CAPTURE(dialled_first);
                CAPTURE(open_on_dialled);
                check_encounter({our_identifier, as, dialled_first, open_on_dialled});
            }
}

TEST_CASE("collision: an Established session stays, the newcomer gets 6/7, RFC 4271 §6.8") {
    for (const bool ours : {true, false}) {
        CAPTURE(ours);
        bench b;
        if (ours) {
            b.take_ours();
            b.dialled->send_open();
            b.dialled->receive(); // KEEPALIVE
            b.dialled->send_keepalive();
            REQUIRE(run_until(b.context, [&] { return b.under_test.established(); }));
            b.dial();
            b.accepted->send_open(64500, 0xFFFFFFFF); // a higher identifier does not help it
            CHECK(b.accepted->receive() == collision);
        } else {
            b.dial();
            b.take_ours();
            b.accepted->send_open();
            b.accepted->receive(); // KEEPALIVE
            b.accepted->send_keepalive();
            CHECK(b.dialled->receive() == collision); // at once: the peer is where it should be
        }
        CHECK(run_until(b.context, [&] { return b.under_test.established(); }));
        CHECK(b.under_test.transitions() == 1);
        CHECK_FALSE(b.router.dialled_within(10ms));
    }
}

TEST_CASE("collision: of two that the peer dialled the newer one stays while there is no OPEN") {
    bench b;
    b.take_ours();
    b.dial();
    auto older = std::move(*b.accepted);
    b.dial();
    CHECK(older.receive() == collision);
    b.accepted->send_open(64500, 0xFF000001);
    CHECK(b.accepted->receive() == keepalive);
    b.accepted->send_keepalive();
    CHECK(run_until(b.context, [&] { return b.under_test.established(); }));
    CHECK(b.dialled->receive() == collision);
}

TEST_CASE("collision: whoever connects from the peer's address does not evict a connection that is "
          "in OpenConfirm") {
    bench b;
    b.take_ours();
    b.dial();
    b.accepted->send_open(64500, 0xFF000001);
    CHECK(b.accepted->receive() == keepalive);
    auto [ours, theirs] = connected_pair(b.context);
    b.under_test.accept(std::move(ours));
    raw_peer stranger(b.context, std::move(theirs));
    CHECK(stranger.closed());
    CHECK(stranger.receive() == bytes{});
    b.accepted->send_keepalive();
    CHECK(run_until(b.context, [&] { return b.under_test.established(); }));
}

TEST_CASE("collision: the one that stays may be lost too, and both sides dial again") {
    bench b;
    b.take_ours();
    b.dial();
    b.accepted->send_open(64500, 0xFF000001);
    CHECK(b.accepted->receive() == keepalive);
    b.dialled->send_open(64500, 0xFF000001);
    CHECK(b.dialled->receive() == collision);
    b.accepted->close(); // before it is Established
    b.take_ours();
    b.dialled->send_open(64500, 0xFF000001);
    CHECK(b.dialled->receive() == keepalive);
    b.dialled->send_keepalive();
    CHECK(run_until(b.context, [&] { return b.under_test.established(); }));
}

TEST_CASE("collision: an OPEN that is refused for what it says ends its own connection only") {
    bench b;
    b.take_ours();
    b.dial();
    b.dialled->send_open();
    CHECK(b.dialled->receive() == keepalive);
    b.accepted->send_open(64999, 0xFF000001); // not the AS that is configured: 2/2
    CHECK(b.accepted->receive() ==
          wire::encode(wire::notification{wire::error_code::open_message, 2, {}}));
    b.dialled->send_keepalive();
    CHECK(run_until(b.context, [&] { return b.under_test.established(); }));
}
