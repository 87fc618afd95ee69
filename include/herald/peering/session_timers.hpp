#pragma once

#include "herald/bgp/session_fsm.hpp"
#include "herald/peering/time_source.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace herald::peering {

/// The timers of one session. Restarting one for later (as every received UPDATE does with the hold
/// timer) only moves its deadline; the wait that is under way finds out when it ends.
class session_timers {
public:
    session_timers(std::shared_ptr<time_source> time,
                   std::function<void(bgp::session_timer)> expired);

    /// With `jittered` the duration is multiplied by 0.75 to 1.0, RFC 4271 §10.
    void start(bgp::session_timer timer, std::chrono::milliseconds duration, bool jittered);
    void stop(bgp::session_timer timer);
    void stop_all();

private:
    struct timer_slot {
        std::unique_ptr<alarm_clock> alarm;
        time_point deadline{};
        time_point set_for{}; // at or before the deadline
        bool running = false;
    };

    timer_slot& slot_of(bgp::session_timer timer) {
        return slots_[static_cast<std::size_t>(timer)];
    }
    void wait(bgp::session_timer timer);
    void rang(bgp::session_timer timer);

    std::shared_ptr<time_source> time_;
    std::function<void(bgp::session_timer)> expired_;
    std::array<timer_slot, bgp::session_timer_count> slots_;
};

/// `duration` times 0.75 to 1.0, RFC 4271 §10.
std::chrono::milliseconds jitter(std::chrono::milliseconds duration);

} // namespace herald::peering
