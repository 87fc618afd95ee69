#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace herald::peering {

/// Monotonic: the wall clock may jump as it likes.
using time_point = std::chrono::steady_clock::time_point;

/// Waits for one moment at a time. A wait that is given up rings no more, also where its end was
/// already under way.
class alarm_clock {
public:
    virtual ~alarm_clock() = default;
    /// Gives up the wait before, and calls `ring` at `moment`, in a turn of the loop of its own.
    virtual void set(time_point moment, std::function<void()> ring) = 0;
    virtual void cancel() = 0;
};

/// Where sessions have their time from: the seam at which tests turn the hands themselves.
class time_source {
public:
    virtual ~time_source() = default;
    virtual time_point now() const = 0;
    virtual std::unique_ptr<alarm_clock> make_alarm() = 0;
};

/// The system's monotonic clock.
std::shared_ptr<time_source> make_time_source(boost::asio::any_io_executor executor);

} // namespace herald::peering
