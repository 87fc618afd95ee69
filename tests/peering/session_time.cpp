// What a session does as time passes, without waiting for it.
#include "tests/peering/scripted_neighbor.hpp"

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;
using bgp::session_state;
using std::chrono::milliseconds;

namespace {

struct bench {
    asio::io_context context;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>(context);
    scripted_neighbor tested;

    explicit bench(const neighbor_settings& settings = settings_towards(179))
        : tested(context, time, settings) {}
    ~bench() {
        tested.speaks.stop(std::nullopt);
        time->advance(5s);
    }
    bench(const bench&) = delete;
    bench& operator=(const bench&) = delete;

    void start() {
        tested.speaks.start();
        time->settle();
    }
    void establish() {
        start();
        REQUIRE(tested.speaks.established());
    }
    /// The router falls silent, though it still hears.
    void silence() { tested.network.router().answers = false; }
    session_state state() const { return tested.speaks.state(); }
    std::string last_end() const {
        return tested.speaks.last_end() ? tested.speaks.last_end()->describe() : "";
    }
};

neighbor_settings with_hold_time(std::chrono::seconds hold_time) {
    auto settings = settings_towards(179);
    settings.session.hold_time = hold_time;
    return settings;
}

std::vector<milliseconds> gaps_of(const std::vector<time_point>& moments) {
    std::vector<milliseconds> gaps;
    for (std::size_t i = 1; i < moments.size(); ++i)
        gaps.push_back(std::chrono::duration_cast<milliseconds>(moments[i] - moments[i - 1]));
    return gaps;
}

/// Whether each wait is the one expected, jittered by 0.75 to 1.0, RFC 4271 §10.
void check_jittered(const std::vector<milliseconds>& waits,
                    const std::vector<milliseconds>& expected) {
    REQUIRE(waits.size() >= expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        CHECK(waits[i] >= expected[i] * 3 / 4);
        CHECK(waits[i] <= expected[i]);
    }
}

wire::notification hold_timer_expired() {
    return {wire::error_code::hold_timer_expired, 0, {}};
}

} // namespace

TEST_CASE("time: an OPEN is waited for 240 seconds, then 4/0, RFC 4271 §8.2.2") {
    bench b;
    b.tested.network.router_answers = false;
    b.start();
    b.time->advance(240s - 1ms);
    CHECK(b.state() == session_state::open_sent);
    const auto router = b.tested.network.shared_router();
    b.time->advance(1ms);
    CHECK(router->notification == hold_timer_expired());
    CHECK(b.last_end() == "sent Hold Timer Expired");
}

TEST_CASE("time: a router that falls silent is given up after the hold time with 4/0, RFC 4271 "
          "§6.5, and dialled at once") {
    bench b;
    b.establish();
    b.time->advance(60s);
    CHECK(b.tested.speaks.established());
    b.silence();
    b.tested.network.router().send(wire::encode_keepalive());
    b.time->advance(30s - 1ms);
    CHECK(b.tested.speaks.established());
    const auto router = b.tested.network.shared_router();
    b.time->advance(1ms);
    CHECK(router->notification == hold_timer_expired());
    CHECK(b.tested.speaks.established()); // anew
    CHECK(b.tested.network.dials.size() == 2);
}

TEST_CASE("time: UPDATEs hold the session as KEEPALIVEs do, RFC 4271 §8.2.2") {
    bench b;
    b.establish();
    b.silence();
    for (int i = 0; i < 10; ++i) {
        b.tested.network.router().send(wire::encode_end_of_rib(net::address_family::ipv4));
        b.time->advance(29s);
    }
    CHECK(b.tested.speaks.transitions() == 1);
    b.time->advance(1s);
    CHECK(b.last_end() == "sent Hold Timer Expired");
}

TEST_CASE("time: KEEPALIVEs are sent at a third of the hold time, jittered, RFC 4271 §4.4, §10") {
    bench b(with_hold_time(9s));
    b.establish();
    const auto& heard = b.tested.network.router().heard;
    auto known = heard.size();
    std::vector<time_point> moments;
    for (milliseconds passed{0}; passed < 10min; passed += 10ms) {
        b.time->advance(10ms);
        if (heard.size() > known)
            moments.push_back(b.time->now());
        CHECK(heard.size() - known <= 1);
        known = heard.size();
    }
    CHECK(moments.size() >= 200); // ten minutes, 3 s each at most
    for (const auto gap : gaps_of(moments)) {
        CHECK(gap >= 2250ms - 10ms);
        CHECK(gap <= 3000ms + 10ms);
    }
    CHECK(b.tested.speaks.transitions() == 1);
}

TEST_CASE("time: without a hold time silence lasts for ever, RFC 4271 §4.2") {
    bench b(with_hold_time(0s));
    b.establish();
    const auto messages = b.tested.network.router().heard.size();
    b.silence();
    b.time->advance(std::chrono::hours(24));
    CHECK(b.tested.speaks.transitions() == 1);
    CHECK(b.tested.network.router().heard.size() == messages);
    CHECK(b.time->set() == 0);
}

TEST_CASE("time: a connection that nobody answers is given up for a new one when the connect-retry "
          "timer expires, RFC 4271 §8.2.2") {
    bench b;
    b.tested.network.connects = false;
    b.start();
    b.time->advance(1min);
    check_jittered(gaps_of(b.tested.network.dials), std::vector<milliseconds>(12, 5s));
    CHECK(b.tested.network.alive == 1);
    CHECK(b.state() == session_state::connect);
    CHECK(b.tested.seen.lines == std::vector<std::string>{"Connect"});
    b.tested.network.connects = true;
    b.time->advance(5s);
    CHECK(b.tested.speaks.established());
}

TEST_CASE("time: a router that refuses is dialled at once, then after 1, 2, 4 and every 5 seconds, "
          "jittered") {
    bench b;
    b.tested.network.refuses = true;
    b.start();
    b.time->advance(40s);
    check_jittered(gaps_of(b.tested.network.dials), {0s, 1s, 2s, 4s, 5s, 5s, 5s, 5s});
    CHECK(b.tested.network.alive == 0);
    CHECK(b.time->set() == 1); // for the next attempt, and nothing else
    b.tested.network.refuses = false;
    b.time->advance(5s);
    CHECK(b.tested.speaks.established());
}

TEST_CASE("time: a session that stayed for a second is followed by a new one at once, one that did "
          "not is a failure as any other") {
    bench b;
    b.establish();
    for (int i = 0; i < 20; ++i) {
        b.time->advance(1s);
        b.tested.network.router().close();
        b.time->advance(0s);
        CHECK(b.tested.speaks.established());
    }
    b.tested.network.dials = {b.time->now()}; // the attempt at once, that of the last stable one
    for (int i = 0; i < 20'000; ++i) {
        if (b.tested.speaks.established())
            b.tested.network.router().close();
        b.time->advance(1ms); // for which each session lasts
    }
    auto waits = gaps_of(b.tested.network.dials);
    for (auto& wait : waits)
        wait -= 1ms;
    check_jittered(waits, {1s, 2s, 4s, 5s, 5s});
}

TEST_CASE(
    "time: a router that ends each session with Cease / Maximum Number of Prefixes Reached is "
    "dialled less and less often, RFC 4486 §4") {
    bench b;
    b.establish();
    for (int i = 0; i < 12; ++i) {
        b.time->advance(2s);
        if (!b.tested.speaks.established())
            continue;
        b.tested.network.router().send(
            wire::encode(wire::make_cease(wire::cease_code::max_prefixes)));
        b.time->advance(0s);
    }
    auto waits = gaps_of(b.tested.network.dials);
    waits.front() -= 2s;      // for which the first session lasted
    CHECK(waits.size() <= 7); // not the 11 that there were without
    CHECK(waits.front() >= 750ms);
}

TEST_CASE("time: one who connects from the router's address and closes does not keep us from "
          "dialling, nor changes its pace") {
    bench b;
    b.tested.network.refuses = true;
    b.tested.network.router_answers = false;
    b.start();
    for (int i = 0; i < 80; ++i) { // twice a second
        b.tested.speaks.accept(b.tested.network.dialled_by_router());
        b.time->advance(250ms);
        b.tested.network.router().close();
        b.time->advance(250ms);
    }
    const auto waits = gaps_of(b.tested.network.dials);
    REQUIRE(waits.size() >= 8); // in 40 s: 0, 1, 2, 4, 5, 5 … s
    CHECK(*std::ranges::max_element(waits) <= 5500ms);
    b.tested.network.refuses = false;
    b.tested.network.router_answers = true;
    b.time->advance(6s);
    CHECK(b.tested.speaks.established());
}

TEST_CASE("time: in a session TCP is as patient as the send hold timer, RFC 9687, RFC 5482") {
    bench b;
    b.establish();
    CHECK(b.tested.network.user_timeout == 8min);
    bench without(with_hold_time(0s));
    without.establish();
    CHECK(without.tested.network.user_timeout == 0s);
}

TEST_CASE("time: a router that keeps alive but never reads is given up after 8 minutes, RFC 9687") {
    bench b;
    b.establish();
    b.tested.network.blocked = true;
    const auto begun = b.time->now();
    b.tested.speaks.heard().want(documentation, normal_route(b.tested.speaks.settings()));
    b.tested.speaks.flush();
    while (b.tested.speaks.last_end() == std::nullopt && b.time->now() - begun < 1h) {
        b.tested.network.router().send(wire::encode_keepalive());
        b.time->advance(1s);
    }
    const auto passed = b.time->now() - begun;
    CHECK(passed >= 8min - 10s); // the octets of the last KEEPALIVE are those that progressed
    CHECK(passed <= 8min + 1s);
    CHECK(b.last_end() == "sent Send Hold Timer Expired");
}

TEST_CASE("time: a router that reads again within 8 minutes hears the state of then, RFC 9687") {
    bench b;
    b.establish();
    for (int round = 0; round < 3; ++round) {
        b.tested.network.blocked = true;
        b.tested.speaks.heard().want(documentation, normal_route(b.tested.speaks.settings()));
        b.tested.speaks.flush();
        for (int i = 0; i < 7 * 60; ++i) {
            b.tested.network.router().send(wire::encode_keepalive());
            b.time->advance(1s);
        }
        b.tested.network.unblock();
        b.time->advance(1s);
        CHECK(b.tested.network.router().routes == std::set{documentation});
    }
    CHECK(b.tested.speaks.transitions() == 1);
}

TEST_CASE("time: closing is bounded by a second when the router neither reads nor closes") {
    bench b;
    b.establish();
    b.tested.network.blocked = true;
    b.tested.speaks.stop(wire::make_cease(wire::cease_code::administrative_shutdown));
    b.time->advance(1s - 1ms);
    CHECK(b.tested.network.alive == 1);
    b.time->advance(1ms);
    CHECK(b.tested.network.alive == 0);
    CHECK(b.time->set() == 0);
}

TEST_CASE("time: after a stop nothing is dialled, however long it lasts") {
    bench b;
    b.tested.network.refuses = true;
    b.start();
    b.time->advance(10s);
    const auto dials = b.tested.network.dials.size();
    b.tested.speaks.stop(std::nullopt);
    b.time->advance(std::chrono::hours(1));
    CHECK(b.tested.network.dials.size() == dials);
    CHECK(b.time->set() == 0);
}

TEST_CASE(
    "alarm_clock: an alarm that is given up when its end is already under way does not ring") {
    for (const bool anew : {false, true}) {
        asio::io_context context;
        const auto time = make_time_source(context.get_executor());
        const auto first = time->make_alarm();
        const auto second = time->make_alarm();
        std::vector<int> rang;
        // Both ends are due before the loop runs: the first to ring gives up the other.
        first->set(time->now(), [&] {
            rang.push_back(1);
            if (anew)
                second->set(time->now(), [&] { rang.push_back(3); });
            else
                second->cancel();
        });
        second->set(time->now(), [&] { rang.push_back(2); });
        context.run();
        CHECK(rang == (anew ? std::vector{1, 3} : std::vector{1}));
    }
}
