#pragma once

#include "herald/health/check.hpp"
#include "herald/health/probes.hpp"
#include "herald/health/schedule.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

namespace herald::health {

/// What a check does until it is stopped. It outlives its check for the moment that it takes to
/// end.
class check_loop : public std::enable_shared_from_this<check_loop> {
public:
    check_loop(const boost::asio::any_io_executor& executor, const check& owner,
               check_settings settings, check::observer on_result);

    void start();
    void resume(const check_snapshot& from);
    check_snapshot snapshot() const;
    void hold();
    void release();
    void stop();
    bool report(const check_report& result);

    const check_settings& settings() const { return settings_; }
    const check_status& status() const { return status_; }

private:
    using clock = std::chrono::steady_clock;

    void begin(schedule beat);
    boost::asio::awaitable<void> run_probes(schedule beat);
    boost::asio::awaitable<void> expect_reports();
    /// To its end or its deadline.
    boost::asio::awaitable<probe_result> run_probe();
    boost::asio::awaitable<probe_result> probe();
    void time_out();
    void cut();
    void lapse();
    void take(probe_result result);

    const check& owner_;
    const check_settings settings_;
    boost::asio::any_io_executor executor_;
    check_status status_;
    check::observer on_result_;
    hysteresis hysteresis_;
    boost::asio::cancellation_signal cancel_;
    boost::asio::steady_timer timer_;    // of the next run, or of the end of a report's time
    boost::asio::steady_timer deadline_; // of the run
    std::uint64_t run_ = 0;              // the one that the deadline is for
    bool timed_out_ = false;
    bool stopped_ = false;
    bool running_ = false;
    bool cut_ = false;    // the run was, by its deadline or by hold()
    bool held_ = false;   // no run begins …
    bool parked_ = false; // … and one waits for that
    run_state state_;

    // Of a push check:
    std::chrono::milliseconds ttl_; // of the last report
    clock::time_point until_;       // then it ends
    std::uint64_t reports_ = 0;
    unsigned lapses_ = 0; // since the last one
};

} // namespace herald::health
