#include "herald/bgp/peer_snapshot.hpp"

#include "herald/bgp/peer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

namespace herald::bgp {

namespace {

bool is_established(const connection_snapshot& one) {
    return one.fsm.state == session_state::established;
}

/// Its slot, of which there is one each.
int slot_of(const connection_snapshot& one) {
    return is_established(one) ? 2 : static_cast<int>(one.opened_by);
}

/// What of a connection does not go together.
std::optional<std::string> find_fault(const connection_snapshot& one) {
    if (one.fsm.state < session_state::open_sent || one.fsm.state > session_state::established)
        return fmt::format("connection {} is in a state without TCP", one.id);
    if (one.fsm.session.has_value() != (one.fsm.state > session_state::open_sent))
        return fmt::format("connection {} has a session before an OPEN, or none after it", one.id);
    for (std::size_t timer = 0; timer < session_timer_count; ++timer)
        if (one.fsm.running[timer] != one.deadlines[timer].has_value())
            return fmt::format(
                "connection {} has a deadline without a timer, or a timer without a deadline",
                one.id);
    return std::nullopt;
}

/// Routes are of their family and have attributes, and there are none without a session.
bool are_routes_right(const peer_snapshot& snapshot) {
    const auto established = std::ranges::find_if(snapshot.connections, is_established);
    for (const auto& [family, feed] : snapshot.routes) {
        if (established == snapshot.connections.end() ||
            !established->fsm.session->families.contains(family))
            return false;
        for (const auto& route : feed.routes)
            if (route.prefix.family() != family || !route.attributes)
                return false;
    }
    return true;
}

} // namespace

std::optional<std::string> find_fault(const peer_snapshot& snapshot) {
    if (snapshot.version != peer_snapshot::current_version)
        return fmt::format("its version is {}, not {}", snapshot.version,
                           peer_snapshot::current_version);
    std::set<int> slots;
    std::set<connection_id> ids;
    for (const auto& one : snapshot.connections) {
        if (auto fault = find_fault(one))
            return fault;
        if (!slots.insert(slot_of(one)).second || !ids.insert(one.id).second)
            return fmt::format("connection {} is one too many", one.id);
        if (one.id >= snapshot.next_id)
            return fmt::format("connection {} is of the future", one.id);
    }
    if (!snapshot.running && !snapshot.connections.empty())
        return "it has connections and does not run";
    if (!are_routes_right(snapshot))
        return "it has routes that its session cannot have";
    return std::nullopt;
}

peer_snapshot peer::snapshot() const {
    peer_snapshot made;
    made.running = running_;
    made.down = down_;
    made.routes_complete = routes_complete_;
    for (const auto* slot : connections_.all())
        if (*slot && (*slot)->connected())
            made.connections.push_back(
                (*slot)->snapshot(rest_of_output(**slot, routes_of(**slot))));
    made.next_id = next_id_;
    made.after_session_up = after_session_up_;
    made.dial_at = dial_at_;
    if (connections_.dialled && !connections_.dialled->connected())
        made.dial_at = time_point();
    made.not_before = not_before_;
    made.up_since = up_since_;
    made.restarted_until = restarted_until_;
    made.failures = backoff_.failures();
    made.jitter_seed = jitter_.seed();
    made.routes = snapshot_of_routes();
    made.refreshes_asked = refreshes_.asked();
    made.refreshes_spent_until = refreshes_.spent_until();
    made.since = since_;
    made.transitions = transitions_;
    made.malformed = malformed_;
    made.ends = ends_;
    made.counters = counters_;
    count_sent(made.counters, rib_.completed_by_rest());
    return made;
}

peer_actions peer::send_keepalives(moment at) {
    for (auto* slot : connections_.all())
        if (*slot && (*slot)->fsm().runs(session_timer::keepalive))
            handle(**slot, event::timer_expired{session_timer::keepalive}, at);
    return done();
}

std::map<net::address_family, feed_snapshot> peer::snapshot_of_routes() const {
    std::map<net::address_family, feed_snapshot> routes;
    if (connections_.established)
        for (const auto family : net::all_families)
            if (session()->families.contains(family))
                routes.emplace(family, rib_.snapshot(family));
    return routes;
}

const rib_out* peer::routes_of(const connection& on) const {
    return &on == connections_.established.get() ? &rib_ : nullptr;
}

peer::peer(peer_settings settings, const peer_snapshot& from, std::shared_ptr<audience> heard)
    : settings_(std::move(settings))
    , jitter_(from.jitter_seed)
    , running_(from.running)
    , down_(from.down)
    , routes_complete_(from.routes_complete)
    , next_id_(from.next_id)
    , after_session_up_(from.after_session_up)
    , backoff_(settings_.session.connect_retry, from.failures)
    , dial_at_(from.dial_at)
    , not_before_(from.not_before)
    , up_since_(from.up_since)
    , restarted_until_(from.restarted_until)
    , since_(from.since)
    , transitions_(from.transitions)
    , ends_(from.ends)
    , counters_(from.counters)
    , malformed_(from.malformed)
    , heard_(std::move(heard))
    , refreshes_(from.refreshes_asked, from.refreshes_spent_until) {
    for (const auto& one : from.connections) {
        auto& slot = is_established(one)                   ? connections_.established
                     : one.opened_by == direction::dialled ? connections_.dialled
                                                           : connections_.accepted;
        slot = std::make_unique<connection>(one, settings_.session, counters_, jitter_);
    }
    if (connections_.established)
        resume_session(from);
    state_ = connections_.furthest_state(running_);
}

void peer::resume_session(const peer_snapshot& from) {
    rib_.session_up(session()->families);
    for (const auto& [family, feed] : from.routes)
        rib_.resume(family, feed, session()->format);
    find_next_hops();
    actions_.clear(); // its problems were told of
}

} // namespace herald::bgp
