#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

namespace herald::http {

/// Runs `what`, and cancels it when it takes longer than `limit`; false: it did. It has ended in
/// either case. What it threw is thrown here, and that we were cancelled ourselves, whatever it
/// made of that.
boost::asio::awaitable<bool> within(std::chrono::milliseconds limit,
                                    boost::asio::awaitable<void> what);

} // namespace herald::http
