#pragma once

#include <chrono>

namespace herald::health {

/// When a check's runs begin. Pure: the times are given.
class schedule {
public:
    using time_point = std::chrono::steady_clock::time_point;
    using duration = std::chrono::steady_clock::duration;

    schedule(std::chrono::milliseconds interval, std::chrono::milliseconds fast_interval);

    /// The longest that the first run is put off, so that the checks of a host do not all begin
    /// at once: the interval, and at most 1 s.
    duration longest_splay() const;

    /// The first run, put off by `splay`.
    time_point first(time_point now, duration splay);

    /// The run after the one that was due last: one interval, or fast interval, later. It is
    /// counted from when that run was due, so that lateness does not add up. Where that time is
    /// past, the run is due now, in the place of the latest it missed: never a burst.
    time_point next(time_point now, bool fast);

private:
    duration interval_;
    duration fast_interval_;
    time_point due_;
};

} // namespace herald::health
