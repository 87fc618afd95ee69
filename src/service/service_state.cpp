#include "herald/service/service_state.hpp"

#include <algorithm>

namespace herald::service {

std::string_view to_string(health_state value) {
    switch (value) {
    case health_state::unknown: return "unknown";
    case health_state::up: return "up";
    case health_state::degraded: return "degraded";
    case health_state::down: return "down";
    }
    return "unknown";
}

std::string_view to_string(administration value) {
    switch (value) {
    case administration::active: return "active";
    case administration::draining: return "draining";
    case administration::drained: return "drained";
    }
    return "active";
}

namespace {

bool is_usable(health_state health) {
    return health == health_state::up || health == health_state::degraded;
}

} // namespace

service_state::service_state(service_settings settings, std::vector<bool> degrades_only)
    : settings_(std::move(settings))
    , degrades_only_(std::move(degrades_only))
    , verdicts_(degrades_only_.size())
    , hold_down_(settings_.hold_down, settings_.hold_down_max) {}

service_state_snapshot service_state::snapshot() const {
    return {verdicts_, drains_, drain_ends_, stage_, hold_down_.snapshot(), settled_};
}

void service_state::resume(const service_state_snapshot& from) {
    verdicts_ = from.verdicts;
    verdicts_.resize(degrades_only_.size());
    drains_ = from.drains;
    drain_ends_ = from.drain_ends;
    stage_ = from.draining;
    hold_down_.resume(from.hold_down);
    settled_ = from.settled;
}

void service_state::change(service_settings settings, std::vector<bool> degrades_only,
                           std::vector<std::optional<health::verdict>> verdicts) {
    std::optional<health::verdict> presumed;
    if (const auto stands = checked_health(); stands != health_state::unknown)
        presumed = is_usable(stands) ? health::verdict::pass : health::verdict::fail;
    settings_ = std::move(settings);
    degrades_only_ = std::move(degrades_only);
    verdicts_ = std::move(verdicts);
    verdicts_.resize(degrades_only_.size());
    for (auto& verdict : verdicts_)
        verdict = verdict ? verdict : presumed;
    settled_ = settled_ || checked_health() != health_state::unknown;
    hold_down_.change(settings_.hold_down, settings_.hold_down_max);
}

void service_state::set_verdict(std::size_t index, health::verdict verdict, time_point now) {
    const auto before = health(now);
    verdicts_.at(index) = verdict;
    const auto checked = checked_health();
    settled_ = settled_ || checked != health_state::unknown;
    if (is_usable(before) && checked == health_state::down && !is_held())
        hold_down_.went_down(now);
    else if (before == health_state::down && is_usable(health(now)))
        hold_down_.came_up(now);
}

void service_state::set_permitted(bool permitted, time_point now) {
    const bool goes = permitted && is_held() && checked_health() == health_state::down;
    permitted_ = permitted;
    if (goes)
        hold_down_.went_down(now);
}

service_state::tally service_state::count() const {
    tally all;
    unsigned checks = 0;
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
        const auto& verdict = verdicts_[i];
        if (degrades_only_[i]) {
            all.impaired = all.impaired || (verdict && *verdict != health::verdict::pass);
            all.may_impair = all.may_impair || !verdict;
            continue;
        }
        ++checks;
        all.open += verdict ? 0 : 1;
        all.passing += verdict == health::verdict::pass ? 1 : 0;
        all.usable += verdict && *verdict != health::verdict::fail ? 1 : 0;
    }
    all.required = std::min(settings_.require.value_or(checks), checks);
    return all;
}

/// Unknown while what has not settled can still make it better, or worse than up.
health_state service_state::by_verdicts() const {
    const auto all = count();
    if (all.usable < all.required)
        return all.usable + all.open >= all.required ? health_state::unknown : health_state::down;
    if (all.passing < all.required || all.impaired)
        return health_state::degraded;
    return all.may_impair ? health_state::unknown : health_state::up;
}

health_state service_state::checked_health() const {
    const auto health = by_verdicts();
    if (health != health_state::unknown || !settled_)
        return health;
    const auto all = count();
    return all.usable < all.required ? health_state::down : health_state::degraded;
}

std::vector<std::size_t> service_state::deciding_checks() const {
    const auto all = count();
    const auto health = by_verdicts();
    const bool by_others = all.passing < all.required; // not only by those that degrade
    const auto decides = [&](std::size_t i) {
        const auto& verdict = verdicts_[i];
        switch (health) {
        case health_state::unknown:
            return by_others ? !degrades_only_[i] &&
                                   verdict.value_or(health::verdict::fail) == health::verdict::fail
                             : degrades_only_[i] && !verdict;
        case health_state::up: return false;
        case health_state::degraded:
            return (degrades_only_[i] || by_others) && verdict && *verdict != health::verdict::pass;
        case health_state::down: return !degrades_only_[i] && verdict == health::verdict::fail;
        }
        return false;
    };
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < verdicts_.size(); ++i)
        if (decides(i))
            found.push_back(i);
    return found;
}

bool service_state::held_down(time_point now) const {
    return hold_down_.holds(now) && by_verdicts() != health_state::down;
}

void service_state::restore_hold_down(const stored_hold_down& stored, const moment& now) {
    hold_down_.restore(stored, now);
    settled_ = settled_ || hold_down_.holds(now.steady);
}

health_state service_state::health(time_point now) const {
    return held_down(now) ? health_state::down : checked_health();
}

bool service_state::in_force(drain_source source, time_point now) const {
    const auto end = drain_ends_.find(source);
    return drains_.contains(source) && (end == drain_ends_.end() || now < end->second);
}

void service_state::set_drain(drain_source source, drain drain, const moment& now, bool begun) {
    expire_drains(now.steady);
    // What users were already told to leave is not announced to them again.
    if (stage_)
        stage_->immediate = stage_->immediate || drain.immediate;
    else
        stage_ = stage{now.to_steady(drain.since),
                       drain.immediate || !begun || heard(now.steady) == net::announcement::none};
    if (const auto mine = drains_.find(source); mine != drains_.end())
        drain.since = mine->second.since;
    drain_ends_.erase(source);
    if (drain.until)
        drain_ends_[source] = now.to_steady(*drain.until);
    drains_[source] = std::move(drain);
}

void service_state::clear_drain(drain_source source) {
    drains_.erase(source);
    drain_ends_.erase(source);
    if (drains_.empty())
        stage_.reset();
}

std::vector<drain> service_state::expire_drains(time_point now) {
    std::vector<drain> expired;
    for (auto source : all_drain_sources) {
        if (!drains_.contains(source) || in_force(source, now))
            continue;
        expired.push_back(drains_.at(source));
        clear_drain(source);
    }
    return expired;
}

bool service_state::is_drained_by_any(time_point now) const {
    return std::ranges::any_of(all_drain_sources,
                               [&](drain_source source) { return in_force(source, now); });
}

administration service_state::administration_at(time_point now) const {
    if (!is_drained_by_any(now))
        return administration::active;
    bool over = stage_->immediate || now >= stage_->since + settings_.drain_time;
    return over ? administration::drained : administration::draining;
}

net::announcement service_state::heard(time_point now) const {
    return address_missing_ ? net::announcement::none : heard_with_addresses(now);
}

net::announcement service_state::heard_with_addresses(time_point now) const {
    auto state = administration_at(now);
    if (state == administration::drained)
        return net::announcement::none;
    bool draining = state == administration::draining;
    switch (health(now)) {
    case health_state::unknown: return net::announcement::none;
    case health_state::up:
        return draining ? net::announcement::draining : net::announcement::normal;
    case health_state::degraded:
        return draining ? net::announcement::draining : net::announcement::degraded;
    case health_state::down:
        if (settings_.deprefer_when_down)
            return net::announcement::down;
        return is_held() ? net::announcement::held : net::announcement::none;
    }
    return net::announcement::none;
}

std::optional<time_point> service_state::next_change(time_point now) const {
    std::optional<time_point> next;
    const auto consider = [&](time_point when) { next = next ? std::min(*next, when) : when; };
    if (held_down(now))
        consider(hold_down_.until());
    if (administration_at(now) == administration::draining)
        consider(stage_->since + settings_.drain_time);
    for (const auto& [source, end] : drain_ends_)
        if (now < end)
            consider(end);
    return next;
}

} // namespace herald::service
