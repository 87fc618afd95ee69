#include "herald/daemon/signals.hpp"

#include "tests/support/event_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <doctest/doctest.h>
#include <pthread.h>
#include <unistd.h>
#include <vector>

using namespace herald;

namespace {

/// The mask of this thread, as it was before.
struct restored_mask {
    sigset_t before{};
    restored_mask() { pthread_sigmask(SIG_SETMASK, nullptr, &before); }
    ~restored_mask() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
};

} // namespace

TEST_CASE(
    "signals: what comes before somebody reads waits, and is told then, one after the other") {
    const restored_mask mask;
    boost::asio::io_context context;
    std::vector<int> told;
    daemon::block_signals();
    CHECK_FALSE(daemon::stop_is_asked_for());
    ::kill(::getpid(), SIGTERM);
    ::kill(::getpid(), SIGHUP);
    CHECK(daemon::stop_is_asked_for());
    daemon::signals signals(context.get_executor(), [&](int signal) { told.push_back(signal); });
    REQUIRE(signals.start());
    REQUIRE(test::run_until(context, [&] { return told.size() == 2; }));
    CHECK(told == std::vector{SIGHUP, SIGTERM}); // the kernel's order: by number
    CHECK_FALSE(daemon::stop_is_asked_for());
}

TEST_CASE("signals: what comes after the stop is left for the next program") {
    const restored_mask mask;
    boost::asio::io_context context;
    daemon::block_signals();
    daemon::signals first(context.get_executor(), [&](int) { FAIL("it was stopped"); });
    REQUIRE(first.start());
    first.stop();
    ::kill(::getpid(), SIGINT);
    context.run();
    CHECK(daemon::stop_is_asked_for());
    int told = 0;
    daemon::signals next(context.get_executor(), [&](int signal) { told = signal; });
    REQUIRE(next.start());
    context.restart();
    REQUIRE(test::run_until(context, [&] { return told == SIGINT; }));
}

TEST_CASE("signals: a hang-up does not ask for a stop") {
    const restored_mask mask;
    boost::asio::io_context context;
    daemon::block_signals();
    ::kill(::getpid(), SIGHUP);
    CHECK_FALSE(daemon::stop_is_asked_for());
    bool told = false;
    daemon::signals signals(context.get_executor(), [&](int) { told = true; });
    REQUIRE(signals.start());
    REQUIRE(test::run_until(context, [&] { return told; }));
}
