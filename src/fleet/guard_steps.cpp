// What a guard does next, as it stands.

#include "herald/fleet/guard.hpp"
#include "herald/fleet/record_json.hpp"

#include <algorithm>
#include <utility>

namespace herald::fleet {

namespace {

/// Once refused, a permit for health is asked for when all has been quiet for so long: those that
/// are held go one after the other, and each is seen to be gone before the next.
constexpr std::chrono::seconds quiet_time{5};

} // namespace

const member* guard::stored() const {
    if (!known_)
        return nullptr;
    const auto found = known_->members.find(self_.node);
    return found == known_->members.end() ? nullptr : &found->second;
}

/// As the store has it.
const permit* guard::given() const {
    const auto* record = stored();
    return record != nullptr && record->said.permit ? &*record->said.permit : nullptr;
}

bool guard::is_needed() const {
    return need_.health != need::of_health::none || need_.drain_asked;
}

/// What is not announced needs no permit.
bool guard::is_wanted() const {
    return is_needed() && own_ && own_->heard != net::announcement::none;
}

/// So that nobody is to count on it.
bool guard::is_away() const {
    return own_->heard == net::announcement::none || own_->heard == net::announcement::draining ||
           own_->heard == net::announcement::down;
}

bool guard::is_announced_again() const {
    return own_->neighbors > 0 &&
           (own_->heard == net::announcement::normal || own_->heard == net::announcement::degraded);
}

/// Whether there is a permit to rely on.
bool guard::holds() const {
    if (given() == nullptr || !own_ || (under_way_ && !under_way_->what.permit))
        return false;
    const bool may_be_dropped = !fenced_ || (doubt_ && doubt_->drops_permit);
    return is_away() || (!may_be_dropped && tally_.announced >= tally_.keep);
}

bool guard::may_ask(time_point now) const {
    if (tally_.keep == 0 || tally_.well < tally_.keep)
        return false;
    const bool quiet = !refused_health_ || now - changed_ >= quiet_time;
    return (need_.health != need::of_health::none && quiet) || may_ask_for_drain(now);
}

bool guard::may_ask_for_drain(time_point now) const {
    return need_.drain_asked && waiting_before(self_, *known_, seen_, now).empty();
}

permit guard::new_permit() const {
    if (const auto& drain = need_.drain_asked)
        return storable(permit{permit_reason::drain, drain->by, drain->note, own_->since});
    return {permit_reason::health, {}, {}, own_->since};
}

std::vector<guard_action> guard::proceed(time_point now) {
    std::vector<guard_action> actions;
    if (known_)
        tally_ = count(settings_, self_, *known_, seen_, now);
    if (pause_ && now >= pause_->end)
        pause_.reset();
    if (own_ && known_ && !lost_ && !under_way_ && !pause_)
        under_way_ = next_write(now);
    if (under_way_ && under_way_->number > last_number_) {
        last_number_ = under_way_->number;
        actions.emplace_back(*under_way_);
    }
    judge(now);
    const bool queues = need_.drain_asked && need_.drain_asked->queue && !permitted_;
    const bool was_queued = std::exchange(queued_, queues && (queued_ || refused_));
    if (queued_ && !was_queued)
        actions.emplace_back(enqueue{});
    if (was_queued && !queued_)
        actions.emplace_back(dequeue{});
    return actions;
}

guard::step guard::next_step(time_point now) const {
    if (given() == nullptr)
        return is_wanted() && may_ask(now) ? step::take_permit : step::keep_true;
    if (!is_needed())
        return is_announced_again() ? step::give_back : step::keep_true;
    if (is_away() || holds() || tally_.keep == 0)
        return step::keep_true;
    // Ours by an earlier life, or those that it relied on are gone.
    return uncertain() && may_ask(now) ? step::take_permit : step::give_back;
}

/// What our record is to say, if it does not or may come to say something else.
std::optional<write> guard::next_write(time_point now) {
    const auto* record = stored();
    const auto next = next_step(now);
    write made{.number = last_number_ + 1,
               .what = *own_,
               .own_written = record != nullptr ? record->written : 0,
               .nothing_since = {},
               .present = {}};
    if (const auto* permit = given(); permit != nullptr && next != step::give_back)
        made.what.permit = *permit;
    const bool upgraded =
        need_.drain_asked && made.what.permit && made.what.permit->reason == permit_reason::health;
    if (upgraded || (next == step::take_permit && !made.what.permit))
        made.what.permit = new_permit();
    if (next == step::take_permit) {
        made.nothing_since = known_->at;
        made.present = tally_.those;
    }
    const bool due =
        next == step::take_permit || uncertain() || record == nullptr || record->said != made.what;
    return due ? std::optional(std::move(made)) : std::nullopt;
}

/// What stands after an event.
void guard::judge(time_point now) {
    const auto* number = std::get_if<unsigned>(&settings_.keep);
    const bool needs_none =
        (number != nullptr && *number == 0) || (own_ && own_->heard == net::announcement::none);
    const bool left_alone = lost_ && need_.health == need::of_health::verdict &&
                            settings_.on_store_loss == guard_settings::store_loss::withdraw;
    permitted_ = needs_none || left_alone || holds();
    refused_ = refuse(now);
    // A life that has just begun has yet to see the beats of others.
    const bool is_open = !lost_ && (pause_ || tally_.possible >= tally_.keep);
    if (refused_ && need_.health != need::of_health::none && !is_open)
        refused_health_ = true;
    deadline_ = next_change(now);
}

std::optional<refusal> guard::refuse(time_point now) const {
    if (!is_wanted() || permitted_)
        return std::nullopt;
    refusal why{.store_lost = lost_ || !known_ || pause_.has_value(),
                .announced = tally_.well,
                .keep = tally_.keep,
                .those = {},
                .before_us = {}};
    if (!why.store_lost && under_way_ && (under_way_->nothing_since || may_ask(now)))
        return std::nullopt;
    if (known_) {
        why.those = not_counted(self_, *known_, seen_, now);
        if (need_.drain_asked && need_.health == need::of_health::none)
            why.before_us = waiting_before(self_, *known_, seen_, now);
    }
    return why;
}

std::optional<time_point> guard::next_change(time_point now) const {
    std::optional<time_point> next;
    const auto consider = [&](time_point at) {
        if (at > now && (!next || at < *next))
            next = at;
    };
    if (pause_ && !lost_)
        consider(pause_->end);
    if (!is_wanted() || !known_)
        return next;
    if (refused_health_ && tally_.keep > 0 && tally_.well >= tally_.keep && !lost_)
        consider(changed_ + quiet_time);
    if (given() != nullptr && !is_away())
        for (const auto& node : tally_.announcing)
            consider(seen_.end_of_life(node));
    if (need_.drain_asked)
        for (const auto& node : waiting_before(self_, *known_, seen_, now))
            consider(seen_.end_of_life(node));
    return next;
}

} // namespace herald::fleet
