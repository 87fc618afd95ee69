#include "herald/http/deadline.hpp"

#include "herald/http/await.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <utility>

namespace herald::http {

namespace asio = boost::asio;

namespace {

/// The operator waits for the first that succeeds: one that throws has come to its end as well.
asio::awaitable<void> run_and_note(asio::awaitable<void> what, std::exception_ptr& thrown) {
    try {
        co_await std::move(what);
    } catch (...) {
        thrown = std::current_exception();
    }
}

} // namespace

asio::awaitable<bool> within(std::chrono::milliseconds limit, asio::awaitable<void> what) {
    using asio::experimental::awaitable_operators::operator||;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, limit);
    std::exception_ptr thrown;
    auto noted = run_and_note(std::move(what), thrown);
    auto waited = timer.async_wait(asio::use_awaitable);
    const auto first = co_await (std::move(noted) || std::move(waited));
    const auto own = co_await asio::this_coro::cancellation_state;
    if (own.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
    if (first.index() == 1)
        co_return false;
    if (thrown)
        std::rethrow_exception(thrown);
    co_return true;
}

} // namespace herald::http
