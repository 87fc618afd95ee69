#include "herald/health/check.hpp"

#include "herald/health/last_line.hpp"
#include "herald/health/probe.hpp"
#include "herald/health/schedule.hpp"

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <random>

namespace herald::health {

namespace {

using clock = std::chrono::steady_clock;

clock::duration random_part_of(clock::duration whole) {
    static std::minstd_rand generator(std::random_device{}());
    return clock::duration(std::uniform_int_distribution<clock::rep>(0, whole.count())(generator));
}

std::string timeout_text(std::chrono::milliseconds timeout, const std::string& progress) {
    auto text = fmt::format("timed out after {} s", static_cast<double>(timeout.count()) / 1000);
    return printable(progress.empty() ? text : fmt::format("{}: {}", text, progress));
}

} // namespace

class check::runner : public std::enable_shared_from_this<runner> {
public:
    runner(const check& owner, const boost::asio::any_io_executor& executor,
           check_settings settings, observer on_result)
        : owner_(owner)
        , settings_(std::move(settings))
        , on_result_(std::move(on_result))
        , schedule_(settings_.interval, settings_.fast_interval)
        , hysteresis_(settings_.rise, settings_.fall)
        , next_(executor)
        , timeout_(executor)
        , probe_(make_probe(executor, settings_.probe)) {}

    void start();
    void stop();

    const check_settings& settings() const { return settings_; }
    const check_status& status() const { return status_; }

private:
    void begin_at(clock::time_point time);
    void begin();
    void time_out();
    void finish(probe_result result);

    const check& owner_;
    const check_settings settings_;
    check_status status_;
    observer on_result_;
    schedule schedule_;
    hysteresis hysteresis_;
    boost::asio::steady_timer next_;
    boost::asio::steady_timer timeout_;
    std::unique_ptr<probe> probe_;
    std::unique_ptr<probe_run> run_;
    clock::time_point began_;
    // Of the run and its timers: what belongs to an earlier one is dropped.
    std::uint64_t generation_ = 0;
    bool stopped_ = false;
};

void check::runner::start() {
    begin_at(schedule_.first(clock::now(), random_part_of(schedule_.longest_splay())));
}

void check::runner::stop() {
    stopped_ = true;
    ++generation_;
    run_.reset();
    next_.cancel();
    timeout_.cancel();
}

void check::runner::begin_at(clock::time_point time) {
    status_.due = time;
    next_.expires_at(time);
    next_.async_wait([self = shared_from_this(),
                      generation = generation_](const boost::system::error_code& error) {
        if (!error && generation == self->generation_)
            self->begin();
    });
}

void check::runner::begin() {
    ++generation_;
    began_ = clock::now();
    status_.due = began_ + settings_.timeout;
    timeout_.expires_at(*status_.due);
    timeout_.async_wait([self = shared_from_this(),
                         generation = generation_](const boost::system::error_code& error) {
        if (!error && generation == self->generation_)
            self->time_out();
    });
    run_ =
        probe_->start([self = shared_from_this(), generation = generation_](probe_result result) {
            if (generation == self->generation_)
                self->finish(std::move(result));
        });
}

void check::runner::time_out() {
    probe_result result;
    result.timed_out = true;
    result.output = timeout_text(settings_.timeout, run_->progress());
    finish(std::move(result));
}

void check::runner::finish(probe_result result) {
    auto now = clock::now();
    ++generation_;
    result.duration = now - began_;
    bool changed = hysteresis_.add(result.outcome);
    status_.settled = hysteresis_.settled();
    status_.last = std::move(result);
    status_.last_run = now;
    if (changed)
        status_.last_change = now;
    ++status_.runs;

    // First of all: the verdict is on its way to the wire.
    on_result_(owner_, changed);
    if (stopped_) // the observer may have destroyed the check
        return;
    run_.reset();
    timeout_.cancel();
    begin_at(schedule_.next(clock::now(), !hysteresis_.agrees()));
}

check::check(const boost::asio::any_io_executor& executor, check_settings settings,
             observer on_result)
    : runner_(
          std::make_shared<runner>(*this, executor, std::move(settings), std::move(on_result))) {}

check::~check() {
    runner_->stop();
}

void check::start() {
    runner_->start();
}

const check_settings& check::settings() const {
    return runner_->settings();
}

const check_status& check::status() const {
    return runner_->status();
}

} // namespace herald::health
