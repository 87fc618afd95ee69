#include "herald/peering/link_tracker.hpp"

#include <utility>

namespace herald::peering {

bool link_tracker::told(const link_report& report) {
    bool changed = false;
    for (const auto& message : report.messages)
        changed = table_.apply(message) || changed;
    if (asking_)
        meanwhile_.insert(meanwhile_.end(), report.messages.begin(), report.messages.end());
    if (report.malformed)
        lost();
    return changed && !unread_;
}

void link_tracker::asking() {
    asking_ = true;
    complete_ = true; // unless something is lost meanwhile
}

bool link_tracker::answered(const link_list& all) {
    if (!all)
        return unanswered(all.error());
    asking_ = false;
    const bool first = std::exchange(unread_, {}).failed();
    return table_.replace(*all, std::exchange(meanwhile_, {})) || first;
}

/// What is known stays: most of it is still so.
bool link_tracker::unanswered(boost::system::error_code why) {
    asking_ = false;
    complete_ = false;
    meanwhile_.clear();
    return unread_ && std::exchange(unread_, why) != why;
}

bool link_tracker::exclude(std::set<boost::asio::ip::address> addresses) {
    return table_.exclude(std::move(addresses)) && !unread_;
}

bgp::interface_addresses link_tracker::beside(const boost::asio::ip::address& local) const {
    if (!unread_)
        return table_.beside(local);
    bgp::interface_addresses unknown;
    unknown.unreadable = unread_;
    return unknown;
}

} // namespace herald::peering
