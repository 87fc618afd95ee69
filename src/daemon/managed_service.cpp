#include "herald/daemon/managed_service.hpp"

#include <fmt/format.h>

namespace herald::daemon {

using clock = std::chrono::steady_clock;

namespace {

std::vector<bool> degrades_only(const std::vector<health::check_settings>& checks) {
    std::vector<bool> flags;
    flags.reserve(checks.size());
    for (const auto& check : checks)
        flags.push_back(check.degrades_only);
    return flags;
}

/// A wall-clock time on the monotonic clock; what lies ahead or behind keeps its distance.
clock::time_point monotonic(std::chrono::system_clock::time_point wall) {
    auto distance = wall - std::chrono::system_clock::now();
    return clock::now() + std::chrono::duration_cast<clock::duration>(distance);
}

service::drain on_monotonic_clock(const service::stored_drain& stored) {
    service::drain drain;
    drain.since = monotonic(stored.since);
    if (stored.until)
        drain.until = monotonic(*stored.until);
    drain.immediate = stored.immediate;
    drain.reason = stored.reason;
    return drain;
}

} // namespace

std::string describe(const health::check& check) {
    const auto& last = check.status().last;
    if (!last)
        return "has not run";
    if (!last->could_run)
        return fmt::format("could not run: {}", last->output);
    if (last->timed_out)
        return fmt::format("timed out after {} ms{}{}", check.settings().timeout.count(),
                           last->output.empty() ? "" : ": ", last->output);
    constexpr std::array words{"passed", "is degraded", "failed"};
    return fmt::format("{}{}{}", words[static_cast<std::size_t>(last->outcome)],
                       last->output.empty() ? "" : ": ", last->output);
}

managed_service::managed_service(boost::asio::any_io_executor executor,
                                 config::service_entry settings, service_observer& observer)
    : executor_(executor)
    , settings_(std::move(settings))
    , observer_(observer)
    , state_(settings_.service, degrades_only(settings_.checks))
    , timer_(executor) {}

void managed_service::start() {
    for (std::size_t i = 0; i < settings_.checks.size(); ++i)
        checks_.push_back(std::make_unique<health::check>(
            executor_, settings_.checks[i],
            [this, i](const health::check&, bool changed) { check_ran(i, changed); }));
    for (const auto& check : checks_)
        check->start();
    update("no checks");
}

void managed_service::stop() {
    checks_.clear();
    ++generation_;
    timer_.cancel();
}

void managed_service::check_ran(std::size_t index, bool changed) {
    const auto& check = *checks_[index];
    observer_.check_ran(*this, check, changed);
    if (!changed)
        return;
    state_.set_verdict(index, *check.status().settled);
    update(fmt::format("check {} {}", check.settings().name, describe(check)));
}

void managed_service::drain(const service::stored_drain& drain) {
    stored_drain_ = drain;
    state_.set_drain(on_monotonic_clock(drain));
    update(drain.reason.empty() ? "drained by the operator"
                                : fmt::format("drained by the operator: {}", drain.reason));
}

void managed_service::undrain() {
    stored_drain_.reset();
    state_.clear_drain();
    update("undrained by the operator");
}

void managed_service::update(const std::string& cause) {
    auto now = clock::now();
    auto health = state_.health();
    auto administration = state_.administration_at(now);
    auto heard = state_.heard(now);
    auto same = health == health_ && administration == administration_ && heard == heard_;
    health_ = health;
    administration_ = administration;
    heard_ = heard;
    schedule();
    if (same)
        return;
    since_ = std::chrono::system_clock::now();
    cause_ = cause;
    observer_.service_changed(*this);
}

void managed_service::schedule() {
    auto next = state_.next_change(clock::now());
    auto generation = ++generation_;
    if (!next)
        return static_cast<void>(timer_.cancel());
    timer_.expires_at(*next);
    timer_.async_wait([this, generation, alive = std::weak_ptr(alive_)](auto) {
        if (alive.expired() || generation != generation_)
            return;
        if (!state_.expire_drain(clock::now()))
            return update("the drain time is over");
        stored_drain_.reset();
        update("the drain has ended");
        observer_.drain_expired(*this);
    });
}

} // namespace herald::daemon
