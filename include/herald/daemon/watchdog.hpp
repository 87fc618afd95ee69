#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace herald::daemon {

/// How often the service manager wants to hear of this process at least: $WATCHDOG_USEC, where
/// $WATCHDOG_PID does not name another process; see sd_watchdog_enabled(3).
std::optional<std::chrono::microseconds> watchdog_interval();

/// Feeds the service manager's watchdog three times in its interval, while the loop turns and
/// nothing is stuck.
class watchdog {
public:
    /// Names what is stuck, for people; empty: nothing.
    using inspection = std::function<std::string()>;
    /// As notify_service_manager.
    using notifier = std::function<void(const std::string& state)>;

    watchdog(const boost::asio::any_io_executor& executor, inspection inspect, notifier notify);

    /// The first feeding is at once.
    void start(std::chrono::microseconds interval);
    void stop();

private:
    void feed();

    boost::asio::steady_timer timer_;
    inspection inspect_;
    notifier notify_;
    std::chrono::microseconds pause_{};
    bool stopped_ = false;
};

} // namespace herald::daemon
