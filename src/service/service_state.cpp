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

service_state::service_state(service_settings settings, std::vector<bool> degrades_only)
    : settings_(std::move(settings))
    , degrades_only_(std::move(degrades_only))
    , verdicts_(degrades_only_.size()) {}

void service_state::change(service_settings settings, std::vector<bool> degrades_only,
                           std::vector<std::optional<health::verdict>> verdicts) {
    settings_ = std::move(settings);
    degrades_only_ = std::move(degrades_only);
    verdicts_ = std::move(verdicts);
    verdicts_.resize(degrades_only_.size());
    settled_ = settled_ || health() != health_state::unknown;
}

void service_state::set_verdict(std::size_t index, health::verdict verdict) {
    verdicts_.at(index) = verdict;
    settled_ = settled_ || health() != health_state::unknown;
}

health_state service_state::health() const {
    unsigned checks = 0;
    unsigned passing = 0;
    unsigned usable = 0; // passing or degraded
    unsigned undecided = 0;
    bool impaired = false;
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
        const auto& verdict = verdicts_[i];
        if (degrades_only_[i]) {
            impaired = impaired || (verdict && *verdict != health::verdict::pass);
            continue;
        }
        ++checks;
        undecided += verdict ? 0 : 1;
        passing += verdict == health::verdict::pass ? 1 : 0;
        usable += verdict && *verdict != health::verdict::fail ? 1 : 0;
    }
    auto required = std::min(settings_.require.value_or(checks), checks);
    if (usable < required) {
        // A service that had settled does not wait for the rest of its checks again.
        bool may_come = !settled_ && usable + undecided >= required;
        return may_come ? health_state::unknown : health_state::down;
    }
    return passing < required || impaired ? health_state::degraded : health_state::up;
}

void service_state::set_drain(drain drain) {
    // What users were already told to leave is not announced to them again.
    if (in_force(drain.since) && !drain.immediate) {
        drain.since = drain_->since;
        drain.immediate = drain_->immediate;
    }
    drain_ = std::move(drain);
}

bool service_state::expire_drain(time_point now) {
    if (!drain_ || in_force(now))
        return false;
    drain_.reset();
    return true;
}

bool service_state::in_force(time_point now) const {
    return drain_ && (!drain_->until || now < *drain_->until);
}

administration service_state::administration_at(time_point now) const {
    if (!in_force(now))
        return administration::active;
    bool over = drain_->immediate || now >= drain_->since + settings_.drain_time;
    return over ? administration::drained : administration::draining;
}

net::announcement service_state::heard(time_point now) const {
    auto state = administration_at(now);
    if (state == administration::drained)
        return net::announcement::none;
    bool draining = state == administration::draining;
    switch (health()) {
    case health_state::unknown: return net::announcement::none;
    case health_state::up:
        return draining ? net::announcement::draining : net::announcement::normal;
    case health_state::degraded:
        return draining ? net::announcement::draining : net::announcement::degraded;
    case health_state::down:
        return settings_.deprefer_when_down ? net::announcement::down : net::announcement::none;
    }
    return net::announcement::none;
}

std::optional<time_point> service_state::next_change(time_point now) const {
    if (!in_force(now))
        return std::nullopt;
    if (administration_at(now) != administration::draining)
        return drain_->until;
    auto drained_at = drain_->since + settings_.drain_time;
    return drain_->until ? std::min(drained_at, *drain_->until) : drained_at;
}

} // namespace herald::service
