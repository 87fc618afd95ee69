#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>

namespace herald::daemon {

/// Measures every few seconds how late a timer fires: how long the event loop was busy with other
/// things.
class lag_meter {
public:
    using observer = std::function<void(std::chrono::nanoseconds late)>;

    /// It is destroyed only once the loop no longer turns.
    lag_meter(const boost::asio::any_io_executor& executor, observer tell)
        : timer_(executor)
        , tell_(std::move(tell)) {}

    void start();
    void stop() { timer_.cancel(); }

private:
    boost::asio::steady_timer timer_;
    observer tell_;
};

} // namespace herald::daemon
