#pragma once

#include "herald/service/stored_drains.hpp"

#include <chrono>
#include <optional>

namespace herald::daemon {

/// What the kernel says of the time.
struct clock_reading {
    std::chrono::system_clock::time_point now;
    std::chrono::nanoseconds uptime{}; // since the machine was booted
    bool synchronised = false;         // adjtimex(2), systemd-timesyncd(8)
};

clock_reading read_clock();

/// Whether this clock can tell that the drain's end is over: it is synchronised, or the drain was
/// given since the machine was booted, and so by the same clock.
bool tells_end_of(const service::drain& drain, const clock_reading& clock);

/// A stored drain as it is in force from now on; none when it has ended. On a clock that cannot
/// tell, it lasts for as long as it was given for.
std::optional<service::drain> taken_up(const service::drain& drain, const clock_reading& clock);

} // namespace herald::daemon
