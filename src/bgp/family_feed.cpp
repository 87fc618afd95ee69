#include "herald/bgp/family_feed.hpp"

#include <algorithm>
#include <utility>

namespace herald::bgp {

void family_feed::session_up() {
    in_session_ = true;
}

void family_feed::session_down() {
    *this = family_feed(family_);
}

namespace {

/// Neighbors that have the same stand in the same.
std::shared_ptr<export_group> group_that_wants(const sent_routes& routes,
                                               net::address_family family,
                                               const wire::update_format& format) {
    auto group = routes.standing().lock();
    if (group && group->family() == family && group->format() == format)
        return group;
    group = std::make_shared<export_group>(family, format);
    for (const auto& each : routes)
        group->want(each.prefix, each.attributes);
    routes.standing() = group;
    return group;
}

} // namespace

/// A group that wants just what the neighbor has stands for the one that it heard.
void family_feed::resume(const feed_snapshot& left, const wire::update_format& format) {
    if (!in_session_)
        return;
    stands_in_ = group_that_wants(left.routes, family_, format);
    export_changes due_again;
    for (const auto& each : left.routes)
        if (each.due_again)
            due_again.push_back({each.attributes, each.prefix, true});
    place_ = due_again.empty() ? stands_in_->at_end() : stands_in_->at_end(std::move(due_again));
    group_ = stands_in_;
    end_of_rib_ = left.end_of_rib;
    repeat_asked_ = left.repeat_asked;
    refresh_asked_ = left.refresh_asked;
    repeat_due_ = left.repeat_due;
    answering_ = left.answering;
}

feed_snapshot family_feed::snapshot() const {
    feed_snapshot made{{}, end_of_rib_, repeat_asked_, refresh_asked_, repeat_due_, answering_};
    if (!stands_in_)
        return made;
    auto place = place_;
    place.wrote(place.rest_of_message());
    made.routes = stands_in_->sent(place);
    return made;
}

void family_feed::join(std::shared_ptr<export_group> group) {
    if (!in_session_)
        return;
    group_ = std::move(group);
    leaving_ = false;
}

void family_feed::leave() {
    if (!leaving_)
        group_ = stands_in_ ? stands_in_->nothing() : nullptr;
    leaving_ = group_ != nullptr;
}

void family_feed::owe_end_of_rib() {
    if (in_session_ && end_of_rib_ == marker::none)
        end_of_rib_ = marker::owed;
}

void family_feed::resend(bool enhanced) {
    if (in_session_)
        (enhanced ? refresh_asked_ : repeat_asked_) = true;
}

bool family_feed::is_due() const {
    return rest_of_message() > 0 || has_routes_due() || is_begin_of_refresh_due() ||
           (repeat_asked_ && place_.routes() > 0) || end_due() != end_marker::none;
}

bool family_feed::has_routes_due() const {
    if (is_moving())
        return place_.routes() > 0 || (group_ && group_->size() > 0);
    return repeat_due_ || (stands_in_ && stands_in_->is_due(place_));
}

void family_feed::prepare() {
    taken_ = place_.offset();
    if (const auto rest = rest_of_message(); rest > 0) {
        held_ = is_moving() || repeat_due_ || stands_in_->is_outdated(place_);
        usable_ = held_ ? taken_ + rest : place_.end();
        return;
    }
    held_ = false;
    move();
    if (stands_in_ && !repeat_due_)
        stands_in_->catch_up(place_);
    end_leaving();
    answer_repeat();
    taken_ = place_.offset();
    usable_ = place_.end();
}

void family_feed::move() {
    if (!is_moving())
        return;
    if (!group_)
        place_ = {};
    else
        place_ = stands_in_ ? group_->coming_from(*stands_in_, place_) : group_->at_start();
    stands_in_ = group_;
}

void family_feed::end_leaving() {
    if (!leaving_ || is_moving() || place_.routes() > 0)
        return;
    place_ = {};
    group_ = stands_in_ = nullptr;
    leaving_ = false;
}

/// A request during an answer is answered after it.
void family_feed::answer_repeat() {
    if (answering_ == refresh::plain && place_.at_end())
        answering_ = refresh::none;
    if (repeat_asked_ && answering_ == refresh::none && !is_begin_of_refresh_due()) {
        repeat_asked_ = false;
        repeat_due_ = true;
        answering_ = refresh::plain;
    }
    if (std::exchange(repeat_due_, false) && stands_in_)
        stands_in_->repeat_all(place_);
}

wire::octets family_feed::rest() const {
    const auto size = rest_of_message();
    return size > 0 ? place_.octets(place_.offset(), place_.offset() + size) : wire::octets();
}

wire::octets family_feed::take_rest_of_message() {
    const auto rest = rest_of_message();
    return rest > 0 ? take(taken_ + rest, rest) : wire::octets();
}

wire::octets family_feed::take_withdrawals(std::size_t limit) {
    return take(place_.end_of_withdrawals(), limit);
}

wire::octets family_feed::take_routes(std::size_t limit) {
    return is_begin_of_refresh_due() ? wire::octets() : take(place_.end(), limit);
}

wire::octets family_feed::take(std::size_t end, std::size_t limit) {
    end = std::min(end, usable_);
    if (taken_ >= end || limit == 0)
        return {};
    if (end - taken_ > limit)
        end = place_.end_of_message(taken_ + limit);
    return place_.octets(std::exchange(taken_, end), end);
}

/// RFC 7313 §4: no BoRR before the End-of-RIB. A request during an answer is answered after it.
bool family_feed::is_begin_of_refresh_due() const {
    return refresh_asked_ && answering_ == refresh::none && end_of_rib_ == marker::sent;
}

bool family_feed::is_exhausted() const {
    if (taken_ < place_.end() || repeat_due_ || is_begin_of_refresh_due())
        return false;
    return !place_ || place_.difference()->rest.empty();
}

family_feed::end_marker family_feed::end_due() const {
    if (end_of_rib_ == marker::owed)
        return end_marker::of_rib;
    return answering_ == refresh::enhanced ? end_marker::of_refresh : end_marker::none;
}

/// It answers all requests up to now.
void family_feed::wrote_begin_of_refresh() {
    refresh_asked_ = false;
    repeat_asked_ = false;
    repeat_due_ = true;
    answering_ = refresh::enhanced;
}

void family_feed::wrote_end(end_marker which) {
    if (which == end_marker::of_rib)
        end_of_rib_ = marker::sent;
    else
        answering_ = refresh::none;
}

void family_feed::append_advertised(std::vector<advertised_route>& routes) const {
    if (stands_in_)
        stands_in_->append_advertised(place_, routes);
}

shared_attributes family_feed::advertised(const net::ip_prefix& prefix) const {
    return stands_in_ ? stands_in_->advertised(place_, prefix) : nullptr;
}

void family_feed::append_unsendable(std::vector<net::ip_prefix>& prefixes) const {
    if (group_)
        group_->append_unsendable(prefixes);
}

} // namespace herald::bgp
