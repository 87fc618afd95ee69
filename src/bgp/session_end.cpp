#include "herald/bgp/session_end.hpp"

#include <fmt/format.h>

namespace herald::bgp {

std::string session_end::describe() const {
    const auto& notification = received ? received : sent;
    if (notification) {
        auto text = wire::shutdown_text(*notification);
        return fmt::format("{} {}{}{}", received ? "received" : "sent",
                           wire::describe(*notification), text.empty() ? "" : ": ", text);
    }
    if (closed_by_peer)
        return "the neighbor closed the connection";
    return failure ? failure.message() : "closed";
}

void session_ends::add(const session_end& end) {
    // Why the last session ended outlives the attempts that come after it and reach nobody.
    const bool tells = end.was_established || end.sent || end.received;
    if (tells || !last_stays_)
        last_ = end;
    last_stays_ = last_stays_ || tells;
    if (end.was_established)
        last_failure_.reset();
    else
        last_failure_ = end;
}

std::string session_ends::describe() const {
    if (!last_)
        return {};
    const auto ended = last_->describe();
    const auto failed = last_failure_ ? last_failure_->describe() : ended;
    return failed == ended ? ended : fmt::format("{}; since then: {}", ended, failed);
}

} // namespace herald::bgp
