#include "herald/bgp/change_history.hpp"

#include <iterator>
#include <utility>

namespace herald::bgp {

namespace {

/// Adds to `earlier` what it does not have; the smaller map is put into the larger one.
void add_later(change_history::changed& earlier, change_history::changed& later) {
    if (earlier.size() >= later.size()) {
        earlier.merge(later);
        return;
    }
    for (auto& [prefix, before] : earlier)
        later.insert_or_assign(prefix, std::move(before));
    earlier.swap(later);
}

} // namespace

change_history::moment::moment(std::shared_ptr<change_history> history,
                               std::list<segment>::iterator begin)
    : history_(std::move(history))
    , begin_(begin) {
    ++begin_->holders;
}

change_history::moment& change_history::moment::operator=(moment&& other) noexcept {
    if (this != &other) {
        release();
        history_ = std::move(other.history_);
        begin_ = other.begin_;
    }
    return *this;
}

change_history::moment::~moment() {
    release();
}

/// What nobody can look back at is dropped: with the oldest moment all up to the next one, with
/// another one its place, so that prefixes count once from the moment before on.
void change_history::moment::release() {
    const auto history = std::move(history_);
    if (!history || --begin_->holders > 0)
        return;
    if (begin_ != history->segments_.begin())
        add_later(std::prev(begin_)->before, begin_->before);
    history->segments_.erase(begin_);
}

change_history::moment change_history::now() {
    if (segments_.empty() || !segments_.back().before.empty())
        segments_.emplace_back();
    return {shared_from_this(), std::prev(segments_.end())};
}

void change_history::note(const net::ip_prefix& prefix, const shared_attributes& before,
                          const shared_attributes& after) {
    if (segments_.empty())
        return; // nobody looks back
    auto& latest = segments_.back().before;
    const auto [at, is_first] = latest.try_emplace(prefix, before);
    if (!is_first && same_value(at->second, after))
        latest.erase(at);
}

} // namespace herald::bgp
