#include "herald/bgp/export_group.hpp"

#include "message_packer.hpp"

#include <algorithm>
#include <utility>

namespace herald::bgp {

namespace {

const shared_attributes nothing_at_all;

/// The changes of both, in order of prefix as both are. If both have a prefix, the first counts.
template <typename Changes, typename Convert>
export_changes over(export_changes first, const Changes& second, const Convert& convert) {
    export_changes all;
    all.reserve(first.size() + second.size());
    auto next = first.begin();
    for (const auto& each : second) {
        const export_change change = convert(each);
        while (next != first.end() && next->prefix < change.prefix)
            all.push_back(std::move(*next++));
        if (next == first.end() || next->prefix != change.prefix)
            all.push_back(change);
    }
    std::move(next, first.end(), std::back_inserter(all));
    return all;
}

/// The first of the table's routes from `at` on that is not before `prefix`. Neighbors are close:
/// they are looked at first.
template <typename Table>
typename Table::const_iterator seek(const Table& table, typename Table::const_iterator at,
                                    const net::ip_prefix& prefix) {
    for (int steps = 0; at != table.end() && at->first < prefix; ++at)
        if (++steps == 8)
            return table.lower_bound(prefix);
    return at;
}

} // namespace

const shared_attributes& export_group::entry::sendable() const {
    return unsendable ? nothing_at_all : wanted;
}

export_group::export_group(net::address_family family, const wire::update_format& format,
                           std::size_t octets_at_once)
    : family_(family)
    , format_(format)
    , octets_at_once_(octets_at_once) {}

void export_group::want(const net::ip_prefix& prefix, shared_attributes attributes) {
    auto found = table_.lower_bound(prefix);
    if (found == table_.end() || found->first != prefix)
        found = table_.emplace_hint(found, prefix, entry{});
    else if (same_value(found->second.wanted, attributes))
        return;
    const auto before = std::exchange(found->second, entry{std::move(attributes)}).sendable();
    changed(prefix, before, found->second.wanted);
}

void export_group::unwant(const net::ip_prefix& prefix) {
    const auto found = table_.find(prefix);
    if (found == table_.end())
        return;
    const auto before = found->second.sendable();
    table_.erase(found);
    changed(prefix, before, nullptr);
}

const shared_attributes& export_group::sendable(const net::ip_prefix& prefix) const {
    const auto found = table_.find(prefix);
    return found == table_.end() ? nothing_at_all : found->second.sendable();
}

void export_group::changed(const net::ip_prefix& prefix, const shared_attributes& before,
                           const shared_attributes& after) {
    if (before == after)
        return; // both null: it was too large
    size_ += (after ? 1U : 0U);
    size_ -= (before ? 1U : 0U);
    ++version_;
    forget_successors();
    history_->note(prefix, before, after);
}

void export_group::forget_successors() {
    start_.reset();
    arrivals_.clear();
    for (const auto& followed : std::exchange(followed_, {}))
        if (const auto difference = followed.lock())
            difference->successors.clear();
}

export_place export_group::at_start() {
    if (!start_)
        start_ = encode(with_table({}, having::nothing), 0);
    return export_place(start_);
}

export_place export_group::at_end() {
    std::erase_if(arrivals_, [](const arrival& known) { return known.from.expired(); });
    auto end = end_.lock();
    if (!end || end->version != version_) {
        end = at_end({}).difference();
        end_ = end;
    }
    return export_place(std::move(end));
}

export_place export_group::at_end(export_changes due_again) const {
    encoded_changes none;
    none.routes = size_;
    none.rest = std::move(due_again);
    return export_place(
        std::make_shared<export_difference>(std::move(none), history_->now(), version_));
}

export_place export_group::coming_from(const export_group& other, const export_place& at) {
    if (at.routes() == 0)
        return at_start();
    for (const auto& known : arrivals_)
        if (known.from.lock() == at.difference() && known.message == at.message())
            return export_place(known.to);
    const auto to = encode(with_table(other.state(at), having::nothing), at.routes());
    arrivals_.push_back({at.difference(), at.message(), to});
    return export_place(to);
}

void export_group::catch_up(export_place& at) {
    if (is_outdated(at) || (at.at_end() && !at.difference()->rest.empty()))
        at = follow(at, false);
    else if (at.at_end())
        at = at_end();
}

void export_group::repeat_all(export_place& at) {
    at = follow(at, true);
}

bool export_group::is_outdated(const export_place& at) const {
    return is_outdated(*at.difference());
}

bool export_group::is_due(const export_place& at) const {
    return !at.at_end() || !at.difference()->rest.empty() || is_outdated(at);
}

/// If a prefix is in several parts of the history, a change may be seen where there is none: one
/// catches up in vain. Exact it would cost as much as catching up.
bool export_group::is_outdated(export_difference& difference) const {
    if (difference.compared_with == version_)
        return difference.outdated;
    difference.compared_with = version_;
    difference.outdated = false;
    for (const auto& part : difference.encoded_at.changes())
        for (const auto& [prefix, before] : part)
            if (!same_value(before, sendable(prefix))) {
                difference.outdated = true;
                return true;
            }
    return false;
}

/// What leads on from a place. All who stand there share it.
export_place export_group::follow(const export_place& at, bool repeat) {
    auto& from = *at.difference();
    for (const auto& known : from.successors)
        if (known.message == at.message() && known.repeat == repeat)
            return export_place(known.difference);
    auto candidates = unheard(at);
    if (repeat) {
        for (auto& change : candidates)
            change.repeat = change.before != nullptr;
        candidates = with_table(std::move(candidates), having::all_to_repeat);
    }
    const auto next = encode(std::move(candidates), at.routes());
    if (next != at.difference()) {
        from.successors.push_back({at.message(), repeat, next});
        followed_.push_back(at.difference());
    }
    return export_place(next);
}

/// Every prefix of which the neighbor may have something else than the table.
export_changes export_group::unheard(const export_place& at) const {
    const auto left = at.unheard();
    export_changes changes(left.begin(), left.end());
    if (!std::ranges::is_sorted(changes, {}, &export_change::prefix))
        std::ranges::sort(changes, {}, &export_change::prefix);
    const auto& difference = *at.difference();
    changes = over(std::move(changes), difference.rest,
                   [](const export_change& change) { return change; });
    for (const auto& part : difference.encoded_at.changes())
        changes = over(std::move(changes), part, [](const auto& changed) {
            return export_change{changed.second, changed.first};
        });
    return changes;
}

/// `changes`, and all other prefixes of the table.
export_changes export_group::with_table(export_changes changes, having what) const {
    return over(std::move(changes), table_, [what](const table::value_type& route) {
        if (what == having::nothing)
            return export_change{nullptr, route.first};
        const auto& has = route.second.sendable();
        return export_change{has, route.first, has && what == having::all_to_repeat};
    });
}

export_changes export_group::state(const export_place& at) const {
    return with_table(unheard(at), having::all);
}

/// What has been sent at a place never changes.
sent_routes export_group::sent(const export_place& at) const {
    auto& known = at.difference()->written_down;
    std::erase_if(known, [](const auto& each) { return each.routes.expired(); });
    const auto same = std::ranges::find(known, at.message(), &export_difference::written::message);
    if (same != known.end())
        return sent_routes(same->routes.lock());
    std::vector<sent_route> routes;
    for (auto& [before, prefix, repeat] : state(at))
        if (before)
            routes.push_back({prefix, std::move(before), repeat});
    sent_routes made(std::move(routes));
    known.push_back({at.message(), made.observe()});
    return made;
}

std::shared_ptr<export_difference> export_group::encode(export_changes candidates,
                                                        std::size_t routes) {
    message_packer packer(format_, std::move(candidates), routes);
    auto at = table_.cbegin();
    for (std::size_t i = 0; i < packer.candidates().size(); ++i) {
        const auto& prefix = packer.candidates()[i].prefix;
        at = seek(table_, at, prefix);
        const bool is_wanted = at != table_.end() && at->first == prefix;
        packer.want(i, is_wanted ? at->second.sendable() : nothing_at_all);
    }
    auto encoded = packer.pack(octets_at_once_);
    for (const auto& prefix : packer.too_large()) {
        auto& route = table_.at(prefix);
        route.unsendable = true;
        changed(prefix, route.wanted, nullptr);
    }
    if (encoded.messages.empty())
        return at_end().difference();
    return std::make_shared<export_difference>(std::move(encoded), history_->now(), version_);
}

void export_group::append_advertised(const export_place& at,
                                     std::vector<advertised_route>& routes) const {
    for (auto& change : state(at))
        if (change.before)
            routes.push_back({change.prefix, std::move(change.before)});
}

shared_attributes export_group::advertised(const export_place& at,
                                           const net::ip_prefix& prefix) const {
    const auto unheard = at.unheard();
    const auto own = std::ranges::find(unheard, prefix, &export_change::prefix);
    if (own != unheard.end())
        return own->before;
    const auto& rest = at.difference()->rest;
    const auto left = std::ranges::lower_bound(rest, prefix, {}, &export_change::prefix);
    if (left != rest.end() && left->prefix == prefix)
        return left->before;
    for (const auto& part : at.difference()->encoded_at.changes())
        if (const auto known = part.find(prefix); known != part.end())
            return known->second;
    return sendable(prefix);
}

void export_group::append_unsendable(std::vector<net::ip_prefix>& prefixes) const {
    for (const auto& [prefix, known] : table_)
        if (known.unsendable)
            prefixes.push_back(prefix);
}

std::shared_ptr<export_group> export_group::nothing() {
    auto group = nothing_.lock();
    if (!group) {
        group = std::make_shared<export_group>(family_, format_, octets_at_once_);
        nothing_ = group;
    }
    return group;
}

} // namespace herald::bgp
