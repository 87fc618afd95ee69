#include "herald/bgp/family_rib_out.hpp"

#include "herald/wire/messages.hpp"

#include <iterator>

namespace herald::bgp {

void family_rib_out::want(const net::ip_prefix& prefix, shared_attributes attributes) {
    auto& wanted = *entries_.try_emplace(prefix).first;
    if (same_value(wanted.second.wanted, attributes))
        return;
    wanted.second.wanted = std::move(attributes);
    wanted.second.unsendable = false;
    reschedule(wanted);
}

void family_rib_out::unwant(const net::ip_prefix& prefix) {
    const auto found = entries_.find(prefix);
    if (found == entries_.end())
        return;
    found->second.wanted.reset();
    found->second.unsendable = false;
    reschedule(*found);
    if (!found->second.advertised)
        entries_.erase(found);
}

void family_rib_out::session_up(const wire::update_format& format) {
    session_down();
    format_ = format;
    for (auto& wanted : entries_)
        reschedule(wanted);
}

void family_rib_out::session_down() {
    format_.reset();
    withdrawals_.due.clear();
    announcements_by_value_.clear();
    announcements_.clear();
    std::erase_if(entries_, [](const node& known) { return !known.second.wanted; });
    for (auto& [prefix, known] : entries_) {
        entry forgotten;
        forgotten.wanted = std::move(known.wanted);
        known = std::move(forgotten);
    }
    advertised_count_ = 0;
    end_of_rib_ = marker::none;
    repeat_asked_ = false;
    refresh_asked_ = false;
    refreshing_ = false;
}

void family_rib_out::owe_end_of_rib() {
    if (format_ && end_of_rib_ == marker::none)
        end_of_rib_ = marker::owed;
}

void family_rib_out::resend(bool enhanced) {
    if (!format_)
        return;
    (enhanced ? refresh_asked_ : repeat_asked_) = true;
}

/// RFC 7313 §4: no BoRR before the End-of-RIB. A request during an answer is answered after it.
bool family_rib_out::refresh_due() const {
    return refresh_asked_ && !refreshing_ && end_of_rib_ == marker::sent;
}

/// What is not advertised yet is due anyway.
void family_rib_out::repeat_all() {
    for (auto& known : entries_) {
        known.second.repeat = known.second.advertised != nullptr;
        reschedule(known);
    }
}

bool family_rib_out::has_message() const {
    return !withdrawals_.due.empty() || !announcements_.empty() || refresh_due() || refreshing_ ||
           (repeat_asked_ && advertised_count_ > 0) || end_of_rib_ == marker::owed;
}

std::optional<family_rib_out::message> family_rib_out::next_withdrawal() {
    if (withdrawals_.due.empty())
        return std::nullopt;
    auto encoded = wire::encode_withdrawal(front_of(withdrawals_), *format_);
    for (auto left = encoded.count; left > 0; --left)
        mark_withdrawn(*withdrawals_.due.front());
    return std::move(encoded.bytes);
}

std::optional<family_rib_out::message> family_rib_out::next_begin_of_refresh() {
    if (!refresh_due())
        return std::nullopt;
    refresh_asked_ = false;
    refreshing_ = true;
    repeat_all();
    return wire::encode(
        wire::route_refresh{net::afi(family_), wire::refresh_subtype::begin, net::safi_unicast});
}

std::optional<family_rib_out::message> family_rib_out::next_announcement() {
    if (std::exchange(repeat_asked_, false))
        repeat_all();
    while (!announcements_.empty()) {
        const auto& source = announcements_.front();
        const auto attributes = source.attributes;
        auto encoded = wire::encode_announcement(*attributes, front_of(source), *format_);
        if (encoded.count == 0) {
            // RFC 4271 §9.2: a route that does not fit into a message is not advertised; what the
            // neighbor heard of it before is withdrawn.
            auto& too_large = *source.due.front();
            too_large.second.unsendable = true;
            reschedule(too_large);
            continue;
        }
        for (auto left = encoded.count; left > 0; --left)
            mark_advertised(*announcements_.front().due.front(), attributes);
        return std::move(encoded.bytes);
    }
    return next_withdrawal(); // of what is too large
}

std::optional<family_rib_out::message> family_rib_out::next_end() {
    if (end_of_rib_ == marker::owed) {
        end_of_rib_ = marker::sent;
        return wire::encode_end_of_rib(family_);
    }
    if (!std::exchange(refreshing_, false))
        return std::nullopt;
    return wire::encode(
        wire::route_refresh{net::afi(family_), wire::refresh_subtype::end, net::safi_unicast});
}

void family_rib_out::append_advertised(std::vector<advertised_route>& routes) const {
    for (const auto& [prefix, known] : entries_)
        if (known.advertised)
            routes.push_back({prefix, known.advertised});
}

void family_rib_out::append_unsendable(std::vector<net::ip_prefix>& prefixes) const {
    for (const auto& [prefix, known] : entries_)
        if (known.unsendable)
            prefixes.push_back(prefix);
}

shared_attributes family_rib_out::advertised(const net::ip_prefix& prefix) const {
    const auto found = entries_.find(prefix);
    return found == entries_.end() ? nullptr : found->second.advertised;
}

/// Puts a prefix where it belongs after any change.
void family_rib_out::reschedule(node& changed) {
    auto& known = changed.second;
    auto* const target = batch_for(known);
    if (target == known.due_in)
        return;
    leave_batch(known);
    if (target == nullptr)
        return;
    known.due_in = target;
    known.place = target->due.insert(target->due.end(), &changed);
}

/// What is due: the difference of what is wanted, as far as it can be sent, and advertised.
family_rib_out::batch* family_rib_out::batch_for(const entry& changed) {
    if (!format_)
        return nullptr;
    if (!changed.wanted || changed.unsendable)
        return changed.advertised ? &withdrawals_ : nullptr;
    if (!changed.repeat && same_value(changed.wanted, changed.advertised))
        return nullptr;
    return &announcements_of(changed.wanted);
}

family_rib_out::batch& family_rib_out::announcements_of(const shared_attributes& attributes) {
    // Most often many prefixes come in a row with the very same attributes.
    if (!announcements_.empty() && announcements_.back().attributes == attributes)
        return announcements_.back();
    const auto found = announcements_by_value_.find(attributes.get());
    if (found != announcements_by_value_.end())
        return *found->second;
    announcements_.push_back({attributes, {}});
    announcements_by_value_.emplace(attributes.get(), std::prev(announcements_.end()));
    return announcements_.back();
}

void family_rib_out::leave_batch(entry& changed) {
    auto* const left = std::exchange(changed.due_in, nullptr);
    if (left == nullptr)
        return;
    left->due.erase(changed.place);
    if (left == &withdrawals_ || !left->due.empty())
        return;
    const auto found = announcements_by_value_.find(left->attributes.get());
    const auto place = found->second;
    announcements_by_value_.erase(found);
    announcements_.erase(place);
}

void family_rib_out::mark_withdrawn(node& sent) {
    sent.second.advertised.reset();
    --advertised_count_;
    reschedule(sent);
    if (!sent.second.wanted)
        entries_.erase(sent.first);
}

void family_rib_out::mark_advertised(node& sent, const shared_attributes& attributes) {
    if (!sent.second.advertised)
        ++advertised_count_;
    sent.second.advertised = attributes;
    sent.second.repeat = false;
    reschedule(sent);
}

/// As many prefixes as a message can hold at most.
std::vector<net::ip_prefix> family_rib_out::front_of(const batch& source) const {
    std::vector<net::ip_prefix> prefixes;
    std::size_t size = 0;
    for (const auto* due : source.due) {
        if (size >= format_->max_size)
            break;
        size += 1 + due->first.octets().size(); // RFC 4271 §4.3: the length, then the prefix
        prefixes.push_back(due->first);
    }
    return prefixes;
}

} // namespace herald::bgp
