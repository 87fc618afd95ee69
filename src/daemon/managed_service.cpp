#include "herald/daemon/managed_service.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <utility>

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

} // namespace

bool is_stuck(const health::check_status& status, std::chrono::steady_clock::time_point now) {
    constexpr std::chrono::seconds patience{10}; // a machine that is short of breath is not stuck
    return status.due && now - *status.due > patience;
}

std::string describe(const health::check& check) {
    const auto& last = check.status().last;
    if (!last)
        return "has not run";
    if (!last->could_run)
        return fmt::format("could not run: {}", last->output);
    if (last->timed_out)
        return last->output; // which says so
    constexpr std::array words{"passed", "is degraded", "failed"};
    return fmt::format("{}{}{}", words[static_cast<std::size_t>(last->outcome)],
                       last->output.empty() ? "" : ": ", last->output);
}

std::string describe(service::drain_source source, const service::drain& drain) {
    std::string who;
    switch (source) {
    case service::drain_source::by_operator:
        who = drain.by.empty() ? "the operator" : drain.by;
        break;
    case service::drain_source::by_file: who = "the file " + drain.by; break;
    }
    return fmt::format("drained by {}{}{}", who, drain.reason.empty() ? "" : ": ", drain.reason);
}

managed_service::managed_service(boost::asio::any_io_executor executor,
                                 config::service_entry settings, service_observer& observer)
    : executor_(executor)
    , settings_(std::move(settings))
    , observer_(observer)
    , state_(settings_.service, degrades_only(settings_.checks))
    , missing_(settings_.service.addresses)
    , timer_(executor) {
    state_.set_address_missing(!missing_.empty());
    // Until its guard is asked: what the program before this one held stays.
    const bool guarded = settings_.guard.keep != fleet::guard_settings{}.keep;
    state_.set_permitted(!guarded, clock::now());
    if (guarded)
        why_not_permitted_ = "no permit yet";
}

void managed_service::start() {
    started_ = true;
    for (const auto& settings : settings_.checks)
        checks_.push_back(make_check(settings));
    for (const auto& check : checks_)
        check->start();
    update("no checks");
}

void managed_service::resume(const managed_service_snapshot& from) {
    started_ = true;
    state_.resume(from.state);
    complaints_ = from.complaints;
    health_ = from.health;
    administration_ = from.administration;
    heard_ = from.heard;
    since_ = from.since;
    event_ = from.event;
    state_.told(heard_);
    if (heard_ == net::announcement::held) { // until its guard has a say
        state_.set_permitted(false, clock::now());
        why_not_permitted_ = "no permit yet";
    }
    for (const auto& settings : settings_.checks) {
        checks_.push_back(make_check(settings));
        if (const auto left = from.checks.find(settings.name); left != from.checks.end())
            checks_.back()->resume(left->second);
        else
            checks_.back()->start();
    }
    time_has_come(); // maybe meanwhile
}

std::optional<managed_service_snapshot> managed_service::snapshot() const {
    if (!started_)
        return std::nullopt;
    managed_service_snapshot made{state_.snapshot(), {},     complaints_, health_,
                                  administration_,   heard_, since_,      event_};
    for (const auto& check : checks_)
        made.checks.emplace(check->settings().name, check->snapshot());
    return made;
}

void managed_service::hold() {
    for (const auto& check : checks_)
        check->hold();
}

void managed_service::release() {
    for (const auto& check : checks_)
        check->release();
}

std::unique_ptr<health::check> managed_service::make_check(const health::check_settings& settings) {
    return std::make_unique<health::check>(
        executor_, settings,
        [this](const health::check& check, bool changed) { check_ran(check, changed); });
}

void managed_service::change(config::service_entry next,
                             std::vector<boost::asio::ip::address> missing) {
    auto before = std::exchange(checks_, {});
    std::vector<std::optional<health::verdict>> verdicts;
    std::vector<health::check*> begun;
    for (const auto& settings : next.checks) {
        const auto known = std::ranges::find_if(before, [&](const auto& check) {
            return check && check->settings().name == settings.name;
        });
        const bool is_known = known != before.end();
        verdicts.push_back(is_known ? (*known)->status().settled : std::nullopt);
        if (is_known && (*known)->settings() == settings) {
            checks_.push_back(std::move(*known));
            continue;
        }
        checks_.push_back(make_check(settings));
        begun.push_back(checks_.back().get());
    }
    settings_ = std::move(next);
    missing_ = std::move(missing);
    std::erase_if(complaints_, [&](const auto& each) {
        return std::ranges::find(settings_.checks, each.first, &health::check_settings::name) ==
               settings_.checks.end();
    });
    state_.change(settings_.service, degrades_only(settings_.checks), std::move(verdicts));
    state_.set_address_missing(!missing_.empty());
    for (auto* check : begun)
        check->start();
    update("the configuration has changed");
}

void managed_service::stop() {
    checks_.clear();
    ++generation_;
    timer_.cancel();
}

void managed_service::check_ran(const health::check& check, bool changed) {
    observer_.check_ran(*this, check, changed);
    const auto& status = check.status();
    if (status.settled == health::verdict::pass)
        complaints_.erase(check.settings().name);
    else if (status.settled && status.last && status.last->outcome == status.settled)
        complaints_[check.settings().name] = describe(check);
    if (!changed)
        return;
    const auto at = std::ranges::find(checks_, &check, &std::unique_ptr<health::check>::get);
    state_.set_verdict(static_cast<std::size_t>(at - checks_.begin()), *status.settled,
                       clock::now());
    verdict_settled_ = status.last_change;
    update(fmt::format("check {} {}", check.settings().name, describe(check)));
    verdict_settled_.reset();
}

void managed_service::drain(service::drain_source source, const service::drain& drain) {
    state_.set_drain(source, drain, service::moment::now(), started_);
    update(describe(source, drain));
}

void managed_service::undrain(service::drain_source source) {
    state_.clear_drain(source);
    update(source == service::drain_source::by_file ? "the drain file is gone"
                                                    : "undrained by the operator");
}

void managed_service::set_missing_addresses(std::vector<boost::asio::ip::address> missing) {
    missing_ = std::move(missing);
    state_.set_address_missing(!missing_.empty());
    update("all its addresses are there");
}

void managed_service::set_permitted(bool permitted, std::string why_not) {
    why_not_permitted_ = std::move(why_not);
    state_.set_permitted(permitted, clock::now());
    update("it may go by now");
}

bool managed_service::is_failing() const {
    return std::ranges::any_of(checks_, [](const auto& check) {
        const auto& last = check->status().last;
        return !check->settings().degrades_only && last && last->outcome == health::verdict::fail;
    });
}

net::announcement managed_service::heard_with_addresses() const {
    return state_.heard_with_addresses(clock::now());
}

std::optional<service::stored_hold_down> managed_service::stored_hold_down() const {
    const auto now = service::moment::now();
    const auto& hold = state_.holding();
    if (hold.flaps(now.steady) == 0 && !hold.holds(now.steady))
        return std::nullopt;
    return hold.snapshot(now);
}

void managed_service::restore_hold_down(const service::stored_hold_down& stored) {
    state_.restore_hold_down(stored, service::moment::now());
}

std::optional<service::hold_down> managed_service::holding() const {
    const auto& hold = state_.holding();
    return hold.holds(clock::now()) ? std::optional(hold) : std::nullopt;
}

bool managed_service::held_down() const {
    return state_.held_down(clock::now());
}

std::string managed_service::held_down_text() const {
    auto now = clock::now();
    auto left = std::chrono::ceil<std::chrono::seconds>(state_.holding().until() - now);
    auto flaps = state_.holding().flaps(now);
    return fmt::format("held down for {} s more after {} flap{}", left.count(), flaps,
                       flaps == 1 ? "" : "s");
}

/// Of a check that decides. Its last run may have gone better than what has settled.
std::string managed_service::standing_text(std::size_t index) const {
    const auto& name = settings_.checks.at(index).name;
    if (const auto complaint = complaints_.find(name); complaint != complaints_.end())
        return fmt::format("check {} {}", name, complaint->second);
    if (index >= checks_.size() || !checks_[index]->status().settled)
        return fmt::format("check {} has not settled", name);
    return fmt::format("check {} {}", name, describe(*checks_[index]));
}

std::vector<service_cause> managed_service::wrong_with_health() const {
    if (held_down())
        return {{"held_down", held_down_text()}};
    std::string reason;
    switch (health_) {
    case service::health_state::up: return {};
    case service::health_state::unknown: reason = "starting"; break;
    case service::health_state::degraded: reason = "check_degraded"; break;
    case service::health_state::down: reason = "check_failed"; break;
    }
    std::vector<service_cause> all;
    for (const auto index : state_.deciding_checks())
        all.push_back({reason, standing_text(index)});
    return all;
}

service_cause managed_service::cause() const {
    auto own = own_cause();
    if (heard_ != net::announcement::held)
        return own;
    return {"guard_refused", fmt::format("held: {}; {}", why_not_permitted_, own.text)};
}

service_cause managed_service::own_cause() const {
    auto all = wrong_with_health();
    for (const auto& address : missing_)
        all.push_back(
            {"address_missing", fmt::format("address {} is on no interface", address.to_string())});
    for (const auto& [source, drain] : current_drains())
        all.push_back({"drained", describe(source, drain)});
    if (all.empty())
        return {settings_.checks.empty() ? "no_checks" : "checks_passed", event_};
    std::string text;
    for (const auto& each : all)
        text += (text.empty() ? "" : "; ") + each.text;
    return {all.front().reason, text};
}

void managed_service::update(const std::string& event) {
    if (!started_)
        return;
    auto now = clock::now();
    auto health = state_.health(now);
    auto administration = state_.administration_at(now);
    auto heard = state_.heard(now);
    auto same = health == health_ && administration == administration_ && heard == heard_;
    health_ = health;
    administration_ = administration;
    heard_ = heard;
    state_.told(heard);
    schedule();
    if (same)
        return;
    since_ = std::chrono::system_clock::now();
    event_ = event;
    observer_.service_changed(*this);
}

void managed_service::schedule() {
    auto next = state_.next_change(clock::now());
    auto generation = ++generation_;
    if (!next)
        return static_cast<void>(timer_.cancel());
    timer_.expires_at(*next);
    timer_.async_wait([this, generation, alive = std::weak_ptr(alive_)](auto) {
        if (!alive.expired() && generation == generation_)
            time_has_come();
    });
}

/// A drain, its first stage or a hold-down is over.
void managed_service::time_has_come() {
    auto now = clock::now();
    bool is_back = health_ == service::health_state::down && health_ != state_.health(now);
    const auto expired = state_.expire_drains(now); // of the operator: no other has an end
    if (expired.empty())
        return update(is_back ? "the hold-down is over" : "the drain time is over");
    update("the drain has ended");
    for (const auto& drain : expired)
        observer_.drain_expired(*this, drain);
}

} // namespace herald::daemon
