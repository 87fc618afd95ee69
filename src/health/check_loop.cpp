#include "check_loop.hpp"

#include "herald/health/last_line.hpp"
#include "results.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <fmt/format.h>
#include <random>
#include <system_error>
#include <utility>

namespace herald::health {

namespace asio = boost::asio;

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

bool is_push(const check_settings& settings) {
    return std::holds_alternative<push_settings>(settings.probe);
}

std::chrono::milliseconds own_ttl(const check_settings& settings) {
    const auto* push = std::get_if<push_settings>(&settings.probe);
    return push == nullptr ? std::chrono::milliseconds() : push->ttl;
}

struct beginner {
    run_state& state;

    asio::awaitable<probe_result> operator()(const push_settings&) const {
        co_return failed("a push check runs nothing");
    }
    template <class settings>
    asio::awaitable<probe_result> operator()(const settings& probe) const {
        return run(probe, state);
    }
};

} // namespace

check_loop::check_loop(const asio::any_io_executor& executor, const check& owner,
                       check_settings settings, check::observer on_result)
    : owner_(owner)
    , settings_(std::move(settings))
    , executor_(executor)
    , on_result_(std::move(on_result))
    , hysteresis_(settings_.rise, settings_.fall)
    , timer_(executor)
    , deadline_(executor)
    , ttl_(own_ttl(settings_)) {}

void check_loop::start() {
    schedule beat(settings_.interval, settings_.fast_interval);
    if (!is_push(settings_))
        status_.due = beat.first(clock::now(), random_part_of(beat.longest_splay()));
    until_ = clock::now() + ttl_; // the first report has as long to come as any other
    begin(beat);
}

void check_loop::resume(const check_snapshot& from) {
    schedule beat(settings_.interval, settings_.fast_interval);
    status_ = from.status;
    hysteresis_ = {settings_.rise, settings_.fall, from.results};
    if (is_push(settings_)) {
        ttl_ = from.ttl;
        until_ = from.until;
        lapses_ = from.lapses;
    } else {
        status_.due = beat.first(from.status.due.value_or(clock::now()), {});
    }
    begin(beat);
}

check_snapshot check_loop::snapshot() const {
    check_snapshot made{status_, hysteresis_.snapshot(), ttl_, until_, lapses_};
    if (running_)
        made.status.due = clock::now();
    return made;
}

void check_loop::hold() {
    held_ = true;
    if (running_)
        cut();
}

void check_loop::release() {
    held_ = false;
    if (parked_)
        timer_.cancel();
}

void check_loop::begin(schedule beat) {
    // It keeps this until the coroutine is gone. What goes wrong in there goes wrong in the loop.
    auto ended = [self = shared_from_this()](const std::exception_ptr& thrown) {
        if (thrown)
            std::rethrow_exception(thrown);
    };
    asio::co_spawn(executor_, is_push(settings_) ? expect_reports() : run_probes(beat),
                   asio::bind_cancellation_slot(cancel_.slot(), std::move(ended)));
}

void check_loop::stop() {
    stopped_ = true;
    cancel_.emit(asio::cancellation_type::terminal);
    // Called from outside of the loop, Asio hands that on in a later turn, by the signal itself.
    asio::post(executor_, [self = shared_from_this()] {});
    deadline_.cancel();
    if (state_.child)
        state_.child->kill();
}

asio::awaitable<void> check_loop::run_probes(schedule beat) {
    auto next = *status_.due;
    while (!stopped_) {
        status_.due = next;
        timer_.expires_at(next);
        co_await timer_.async_wait(http::as_result);
        while (held_ && !stopped_) {
            parked_ = true;
            timer_.expires_at(clock::time_point::max());
            co_await timer_.async_wait(http::as_result);
            parked_ = false;
        }
        if (stopped_)
            co_return;
        auto result = co_await run_probe();
        if (stopped_)
            co_return;
        if (!held_)
            take(std::move(result));
        deadline_.cancel();
        next = held_ ? clock::now() : beat.next(clock::now(), !hysteresis_.agrees());
    }
}

asio::awaitable<probe_result> check_loop::run_probe() {
    const auto began = clock::now();
    timed_out_ = cut_ = false;
    running_ = true;
    status_.due = began + settings_.timeout;
    deadline_.expires_at(*status_.due);
    deadline_.async_wait([self = shared_from_this(), run = ++run_](const auto& error) {
        if (!error && run == self->run_)
            self->time_out();
    });
    auto result = co_await probe();
    ++run_;
    running_ = false;
    if (timed_out_) {
        result = {};
        result.timed_out = true;
        result.output = timeout_text(settings_.timeout, state_.progress());
    }
    if (cut_) // for the next waits; what cancelled this run is over
        co_await asio::this_coro::reset_cancellation_state();
    result.duration = clock::now() - began;
    co_return result;
}

asio::awaitable<probe_result> check_loop::probe() {
    try {
        state_.at.clear();
        auto under_way = std::visit(beginner{state_}, settings_.probe);
        co_return co_await std::move(under_way);
    } catch (const std::system_error& no_thread) {
        co_return could_not_run(no_thread.code().message());
    } catch (const std::exception&) {
        // It was cancelled; or else there is no memory, which must not end a daemon.
        co_return failed("out of memory");
    }
}

void check_loop::time_out() {
    timed_out_ = true;
    cut();
}

void check_loop::cut() {
    cut_ = true;
    cancel_.emit(asio::cancellation_type::terminal);
}

void check_loop::take(probe_result result) {
    const bool changed = hysteresis_.add(result.outcome);
    status_.settled = hysteresis_.settled();
    status_.last = std::move(result);
    status_.last_run = clock::now();
    if (changed)
        status_.last_change = status_.last_run;
    ++status_.runs;
    on_result_(owner_, changed); // which may stop this
}

bool check_loop::report(const check_report& told) {
    if (!is_push(settings_))
        return false;
    last_line output;
    output.add(told.output);
    probe_result result;
    result.outcome = told.outcome;
    result.output = output.text();
    ++reports_;
    lapses_ = 0;
    ttl_ = told.ttl.value_or(own_ttl(settings_));
    until_ = clock::now() + ttl_;
    timer_.cancel();
    take(std::move(result));
    return true;
}

asio::awaitable<void> check_loop::expect_reports() {
    while (!stopped_) {
        const auto before = reports_;
        timer_.expires_at(until_);
        co_await timer_.async_wait(http::as_result);
        if (!stopped_ && reports_ == before)
            lapse();
    }
}

/// Each is a failure, so that `fall` of them are reached.
void check_loop::lapse() {
    ++lapses_;
    until_ = clock::now() + ttl_;
    probe_result result;
    result.output =
        fmt::format("no report for {}s", static_cast<double>((lapses_ * ttl_).count()) / 1000);
    take(std::move(result));
}

} // namespace herald::health
