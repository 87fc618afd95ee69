#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace herald::peering {

/// Starts a coroutine. None throws but for want of memory; that leaves the event loop and ends the
/// program, rather than one session or listener that nobody sees is gone.
inline void spawn(const boost::asio::any_io_executor& executor, boost::asio::awaitable<void> what) {
    boost::asio::co_spawn(executor, std::move(what), [](const std::exception_ptr& thrown) {
        if (thrown)
            std::rethrow_exception(thrown);
    });
}

} // namespace herald::peering
