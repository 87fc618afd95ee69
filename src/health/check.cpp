#include "herald/health/check.hpp"

#include "check_runner.hpp"

#include "herald/health/probe.hpp"

#include <utility>

namespace herald::health {

check_runner::check_runner(const check& owner, check_settings settings, check::observer on_result)
    : owner_(owner)
    , settings_(std::move(settings))
    , on_result_(std::move(on_result))
    , hysteresis_(settings_.rise, settings_.fall) {}

void check_runner::stop() {
    stopped_ = true;
    ++generation_;
    end();
}

bool check_runner::take(probe_result result) {
    bool changed = hysteresis_.add(result.outcome);
    status_.settled = hysteresis_.settled();
    status_.last = std::move(result);
    status_.last_run = std::chrono::steady_clock::now();
    if (changed)
        status_.last_change = status_.last_run;
    ++status_.runs;
    on_result_(owner_, changed);
    return !stopped_; // the observer may have destroyed the check
}

check::check(const boost::asio::any_io_executor& executor, check_settings settings,
             observer on_result) {
    auto probe = make_probe(executor, settings.probe);
    runner_ = probe
                  ? make_probing_runner(executor, std::move(probe), *this, std::move(settings),
                                        std::move(on_result))
                  : make_leasing_runner(executor, *this, std::move(settings), std::move(on_result));
}

check::~check() {
    runner_->stop();
}

void check::start() {
    runner_->start();
}

bool check::report(const check_report& result) {
    // It goes on where the observer destroys the check.
    const auto runner = runner_;
    return runner->report(result);
}

const check_settings& check::settings() const {
    return runner_->settings();
}

const check_status& check::status() const {
    return runner_->status();
}

} // namespace herald::health
