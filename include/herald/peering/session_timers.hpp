#pragma once

#include "herald/bgp/session_fsm.hpp"

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace herald::peering {

/// The clocks of one session. A timer that was restarted may still deliver its old completion:
/// each wait carries a generation, and a stale one is dropped. Restarting a timer for later (as
/// every received UPDATE does with the hold timer) only moves its deadline; the wait that is under
/// way finds out when it ends.
class session_timers {
public:
    using clock = std::chrono::steady_clock;

    session_timers(boost::asio::any_io_executor executor,
                   std::function<void(bgp::session_timer)> expired);

    /// With `jittered` the duration is multiplied by 0.75 to 1.0, RFC 4271 §10.
    void start(bgp::session_timer timer, std::chrono::milliseconds duration, bool jittered);
    void stop(bgp::session_timer timer);
    void stop_all();

private:
    struct timer_slot {
        explicit timer_slot(const boost::asio::any_io_executor& executor) : timer(executor) {}
        boost::asio::steady_timer timer;
        clock::time_point deadline{};
        std::uint64_t generation = 0;
        bool running = false;
        bool waiting = false;
    };

    timer_slot& slot_of(bgp::session_timer timer) {
        return slots_[static_cast<std::size_t>(timer)];
    }
    void wait(bgp::session_timer timer);
    void completed(bgp::session_timer timer, std::uint64_t generation);

    std::function<void(bgp::session_timer)> expired_;
    std::array<timer_slot, bgp::session_timer_count> slots_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

/// `duration` times 0.75 to 1.0, RFC 4271 §10.
std::chrono::milliseconds jitter(std::chrono::milliseconds duration);

} // namespace herald::peering
