#include "herald/daemon/watchdog.hpp"

#include "herald/daemon/log.hpp"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace herald::daemon {

namespace {

std::optional<std::int64_t> positive_number(const char* variable) {
    const char* given = std::getenv(variable);
    const std::string_view text = given == nullptr ? "" : given;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number <= 0)
        return std::nullopt;
    return number;
}

} // namespace

std::optional<std::chrono::microseconds> watchdog_interval() {
    const auto interval = positive_number("WATCHDOG_USEC");
    const bool meant_for_another =
        std::getenv("WATCHDOG_PID") != nullptr && positive_number("WATCHDOG_PID") != ::getpid();
    if (!interval || meant_for_another)
        return std::nullopt;
    return std::chrono::microseconds(*interval);
}

watchdog::watchdog(const boost::asio::any_io_executor& executor, inspection inspect,
                   notifier notify)
    : timer_(executor)
    , inspect_(std::move(inspect))
    , notify_(std::move(notify)) {}

void watchdog::start(std::chrono::microseconds interval) {
    pause_ = interval / 3;
    feed();
}

void watchdog::stop() {
    stopped_ = true;
    timer_.cancel();
}

void watchdog::feed() {
    if (const auto stuck = inspect_(); stuck.empty())
        notify_("WATCHDOG=1");
    else
        log(log_level::error, "watchdog", fmt::format("the watchdog is not fed: {}", stuck));
    timer_.expires_after(pause_);
    timer_.async_wait([this](boost::system::error_code cancelled) {
        if (!cancelled && !stopped_)
            feed();
    });
}

} // namespace herald::daemon
