#include "herald/fleet/guard.hpp"

#include "herald/fleet/record_json.hpp"

#include <utility>

namespace herald::fleet {

namespace {

template <typename... Handlers>
struct each_event : Handlers... {
    using Handlers::operator()...;
};

} // namespace

guard::guard(guard_settings settings, identity self)
    : settings_(settings)
    , self_(std::move(self))
    , seen_(self_.ttl) {
    judge(time_point());
}

std::vector<guard_action> guard::handle(const guard_event& event, time_point now) {
    std::visit(each_event{[&](const event::own_state& told) { on(told); },
                          [&](const event::needed& told) { on(told); },
                          [&](const event::seen& told) { on(told, now); },
                          [&](const event::lost&) { on_lost(now); },
                          [&](const event::committed& told) { on(told, now); },
                          [&](const event::conflict& told) { on(told, now); },
                          [&](const event::unknown& told) { on(told, now); }},
               event);
    return proceed(now);
}

std::vector<guard_action> guard::change(guard_settings settings, time_point now) {
    settings_ = settings;
    return proceed(now);
}

bool guard::truthful() const {
    const auto* record = stored();
    if (!own_ || record == nullptr || under_way_ || uncertain())
        return false;
    auto wanted = *own_;
    wanted.permit = record->said.permit;
    return record->said == wanted;
}

void guard::on(const event::own_state& told) {
    own_ = storable(told.said);
    own_->permit.reset();
}

void guard::on(const event::needed& told) {
    need_ = told.what;
    if (need_.health == need::of_health::none)
        refused_health_ = false;
}

void guard::on(const event::seen& told, time_point now) {
    accept(told.what, now);
}

void guard::on_lost(time_point now) {
    lost_ = true;
    seen_.look_away();
    if (under_way_)
        forget_answer(now);
}

void guard::on(const event::committed& told, time_point now) {
    if (!answers(told.number))
        return;
    // What was seen meanwhile may be newer.
    if (known_->at < told.written) {
        auto known = *known_;
        known.members[self_.node] = {under_way_->what, told.written};
        own_since_ = told.written;
        replace_known(std::move(known), now);
    }
    under_way_.reset();
    doubt_.reset();
    fenced_ = true;
}

void guard::on(const event::conflict& told, time_point now) {
    if (!answers(told.number))
        return;
    under_way_.reset();
    accept(told.what, now);
}

void guard::on(const event::unknown& told, time_point now) {
    if (answers(told.number))
        forget_answer(now);
}

/// The write that is under way may be done, now or later, or never.
void guard::forget_answer(time_point now) {
    const bool drops = !under_way_->what.permit || (doubt_ && doubt_->drops_permit);
    doubt_ = {under_way_->own_written, drops};
    pause_ = {known_->at, now + self_.ttl};
    under_way_.reset();
}

/// Of a member of the store that lags we take nothing.
void guard::accept(const roster& newest, time_point now) {
    if (known_ && newest.at < known_->at)
        return;
    const bool blind = !known_ || lost_;
    if (lost_ || (pause_ && newest.at > pause_->beyond))
        pause_.reset();
    lost_ = false;
    seen_.see(newest, now);
    auto with_own = newest;
    if (newest.at < own_since_)
        with_own.members[self_.node] = *stored();
    replace_known(std::move(with_own), now);
    if (blind)
        changed_ = now; // or at any time since we looked last
    const auto* record = stored();
    if (doubt_ && doubt_->on != (record != nullptr ? record->written : 0))
        doubt_.reset();
}

void guard::replace_known(roster by, time_point now) {
    if (!known_ || !same_standing(*known_, by))
        changed_ = now;
    known_ = std::move(by);
}

} // namespace herald::fleet
