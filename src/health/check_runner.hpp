#pragma once

#include "herald/health/check.hpp"

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

namespace herald::health {

class probe;

/// Where a check's results come from. It outlives its check, for as long as its handlers wait.
class check_runner : public std::enable_shared_from_this<check_runner> {
public:
    check_runner(const check& owner, check_settings settings, check::observer on_result);
    virtual ~check_runner() = default;
    check_runner(const check_runner&) = delete;
    check_runner& operator=(const check_runner&) = delete;

    virtual void start() = 0;
    void stop();
    /// False where its results are not told to it.
    virtual bool report(const check_report& result) = 0;

    const check_settings& settings() const { return settings_; }
    const check_status& status() const { return status_; }

protected:
    virtual void end() = 0;
    /// Takes a result and tells the observer; false when that has ended the check.
    bool take(probe_result result);
    /// By when something is to happen.
    void set_due(std::chrono::steady_clock::time_point by) { status_.due = by; }
    bool agrees() const { return hysteresis_.agrees(); }
    /// `then` is called at that time, unless the generation has changed by then.
    template <class step>
    void wait(boost::asio::steady_timer& timer, std::chrono::steady_clock::time_point until,
              step then);

    // Of the run and its timers: what belongs to an earlier one is dropped.
    std::uint64_t generation_ = 0;

private:
    const check& owner_;
    const check_settings settings_;
    check_status status_;
    check::observer on_result_;
    hysteresis hysteresis_;
    bool stopped_ = false;
};

template <class step>
void check_runner::wait(boost::asio::steady_timer& timer,
                        std::chrono::steady_clock::time_point until, step then) {
    timer.expires_at(until);
    timer.async_wait([self = shared_from_this(), generation = generation_,
                      then](const boost::system::error_code& error) {
        if (!error && generation == self->generation_)
            then();
    });
}

/// One that runs a probe, over and over.
std::shared_ptr<check_runner> make_probing_runner(const boost::asio::any_io_executor& executor,
                                                  std::unique_ptr<probe> probe, const check& owner,
                                                  check_settings settings,
                                                  check::observer on_result);

/// One that is told, and fails where it is told nothing: for push_settings.
std::shared_ptr<check_runner> make_leasing_runner(const boost::asio::any_io_executor& executor,
                                                  const check& owner, check_settings settings,
                                                  check::observer on_result);

} // namespace herald::health
