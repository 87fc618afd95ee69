#pragma once

#include <chrono>

namespace herald::daemon {

/// Lets one event through an interval; for log lines that a peer can provoke.
class rate_limit {
public:
    explicit rate_limit(std::chrono::milliseconds interval) : interval_(interval) {}

    bool admit() {
        auto now = std::chrono::steady_clock::now();
        if (now < next_)
            return false;
        next_ = now + interval_;
        return true;
    }

private:
    std::chrono::milliseconds interval_;
    std::chrono::steady_clock::time_point next_{};
};

} // namespace herald::daemon
