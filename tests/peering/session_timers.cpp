#include "herald/peering/session_timers.hpp"

#include "tests/support/event_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <optional>
#include <vector>

using namespace herald;
using namespace herald::peering;
using namespace std::chrono_literals;
using bgp::session_timer;

namespace {

struct bench {
    boost::asio::io_context context;
    std::vector<session_timer> expired;
    std::optional<session_timers> timers{std::in_place, make_time_source(context.get_executor()),
                                         [this](session_timer timer) { expired.push_back(timer); }};
};

} // namespace

TEST_CASE("session_timers: each timer expires once, in order of time") {
    bench b;
    b.timers->start(session_timer::hold, 20ms, false);
    b.timers->start(session_timer::keepalive, 1ms, false);
    CHECK(test::run_until(b.context, [&] { return b.expired.size() == 2; }));
    CHECK(b.expired == std::vector{session_timer::keepalive, session_timer::hold});
}

TEST_CASE("session_timers: one that is stopped or was restarted for later does not expire early") {
    bench b;
    b.timers->start(session_timer::keepalive, 1ms, false);
    b.timers->stop(session_timer::keepalive);
    b.timers->start(session_timer::hold, 1ms, false);
    auto begun = std::chrono::steady_clock::now();
    b.timers->start(session_timer::hold, 50ms, false);
    CHECK(test::run_until(b.context, [&] { return !b.expired.empty(); }));
    CHECK(b.expired == std::vector{session_timer::hold});
    CHECK(std::chrono::steady_clock::now() - begun >= 50ms);
}

TEST_CASE("session_timers: one restarted for earlier expires then") {
    bench b;
    b.timers->start(session_timer::hold, 1h, false);
    b.timers->start(session_timer::hold, 1ms, false);
    CHECK(test::run_until(b.context, [&] { return b.expired.size() == 1; }));
}

TEST_CASE("session_timers: a completion that was under way when they went is dropped") {
    bench b;
    b.timers->start(session_timer::hold, 0ms, false);
    b.context.poll_one(); // may already have queued the completion
    b.expired.clear();
    b.timers.reset();
    b.context.poll();
    CHECK(b.expired.empty());
}

TEST_CASE("jitter: 0.75 to 1.0 of the duration, RFC 4271 §10") {
    for (int i = 0; i < 1000; ++i) {
        auto value = jitter(1000ms);
        CHECK(value >= 750ms);
        CHECK(value <= 1000ms);
    }
}
