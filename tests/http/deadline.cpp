#include "herald/http/deadline.hpp"

#include "herald/http/await.hpp"
#include "tests/support/event_loop.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <doctest/doctest.h>
#include <exception>
#include <optional>
#include <stdexcept>

namespace herald::http {
namespace {

using namespace std::chrono_literals;

boost::asio::awaitable<void> wait_for(std::chrono::milliseconds time, bool& over) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
    co_await timer.async_wait(as_result);
    over = true;
}

boost::asio::awaitable<void> throw_at_once() {
    throw std::runtime_error("at once");
    co_return;
}

struct bounded {
    std::optional<bool> in_time;
    std::exception_ptr thrown;
    bool ended = false;

    auto end() {
        return [this](std::exception_ptr wrong, bool result) {
            thrown = wrong;
            in_time = result;
            ended = true;
        };
    }
};

TEST_CASE("within: what takes longer is cancelled, and has ended") {
    boost::asio::io_context io;
    for (const bool fits : {true, false}) {
        bounded run;
        bool over = false;
        auto what = wait_for(fits ? 0ms : 1h, over);
        boost::asio::co_spawn(io, within(fits ? 1h : 10ms, std::move(what)), run.end());
        REQUIRE(herald::test::run_until(io, [&] { return run.ended; }));
        CHECK(run.in_time == fits);
        CHECK(over);
        CHECK(io.poll() == 0); // no timer is left
    }
}

TEST_CASE("within: what is thrown comes at once") {
    boost::asio::io_context io;
    bounded run;
    boost::asio::co_spawn(io, within(1h, throw_at_once()), run.end());
    REQUIRE(herald::test::run_until(io, [&] { return run.ended; }));
    CHECK_THROWS_WITH(std::rethrow_exception(run.thrown), "at once");
}

TEST_CASE("within: a cancellation from outside reaches what runs") {
    boost::asio::io_context io;
    bounded run;
    bool over = false;
    boost::asio::cancellation_signal cancel;
    boost::asio::co_spawn(io, within(1h, wait_for(1h, over)),
                          boost::asio::bind_cancellation_slot(cancel.slot(), run.end()));
    io.poll();
    cancel.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(herald::test::run_until(io, [&] { return run.ended; }));
    CHECK(over); // and it thought nothing of it
    CHECK_THROWS_AS(std::rethrow_exception(run.thrown), boost::system::system_error);
}

} // namespace
} // namespace herald::http
