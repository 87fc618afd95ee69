#include "herald/bgp/peer_snapshot.hpp"

#include "herald/bgp/peer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <set>
#include <utility>

namespace herald::bgp {

namespace {

using namespace std::chrono_literals;

bool is_established(const connection_snapshot& one) {
    return one.fsm.state == session_state::established;
}

/// Its slot, of which there is one each.
int slot_of(const connection_snapshot& one) {
    return is_established(one) ? 2 : static_cast<int>(one.opened_by);
}

/// Whether it is one that negotiate() can have made, as far as the machine relies on it.
bool is_right(const negotiated_session& session) {
    const auto hold_time = session.hold_time;
    const bool has_keepalive = session.keepalive >= 1s && session.keepalive <= hold_time;
    const bool is_timed = hold_time == 0s ? session.keepalive == 0s
                                          : hold_time >= 3s && hold_time <= 65535s && has_keepalive;
    const auto max_size =
        session.extended_message ? wire::max_extended_message_size : wire::max_message_size;
    return is_timed && session.format.max_size == max_size;
}

/// The timers that run in a state follow from it, RFC 4271 §8.2.2, RFC 9687.
bool are_timers_right(const fsm_snapshot& fsm) {
    const bool timed = !fsm.session || fsm.session->hold_time != 0s;
    const auto runs = [&](session_timer timer) {
        return fsm.running[static_cast<std::size_t>(timer)];
    };
    return !runs(session_timer::connect_retry) && runs(session_timer::hold) == timed &&
           runs(session_timer::keepalive) == (timed && fsm.session) &&
           runs(session_timer::send_hold) == (timed && fsm.state == session_state::established);
}

/// What of a connection does not go together.
std::optional<std::string> find_fault(const connection_snapshot& one) {
    if (one.fsm.state < session_state::open_sent || one.fsm.state > session_state::established)
        return fmt::format("connection {} is in a state without TCP", one.id);
    if (one.fsm.session.has_value() != (one.fsm.state > session_state::open_sent))
        return fmt::format("connection {} has a session before an OPEN, or none after it", one.id);
    if (one.fsm.session && !is_right(*one.fsm.session))
        return fmt::format("connection {} has a session that cannot be negotiated", one.id);
    for (std::size_t timer = 0; timer < session_timer_count; ++timer)
        if (one.fsm.running[timer] != one.deadlines[timer].has_value())
            return fmt::format(
                "connection {} has a deadline without a timer, or a timer without a deadline",
                one.id);
    if (!are_timers_right(one.fsm))
        return fmt::format("connection {} has other timers than its state", one.id);
    return std::nullopt;
}

/// What of the connections does not go together.
std::optional<std::string> find_fault(const std::vector<connection_snapshot>& connections,
                                      connection_id next_id) {
    std::set<int> slots;
    std::set<connection_id> ids;
    bool chosen = false; // a collision leaves one that has had an OPEN
    for (const auto& one : connections) {
        if (auto fault = find_fault(one))
            return fault;
        if (!slots.insert(slot_of(one)).second || !ids.insert(one.id).second ||
            (one.fsm.session && std::exchange(chosen, true)))
            return fmt::format("connection {} is one too many", one.id);
        if (one.id >= next_id)
            return fmt::format("connection {} is of the future", one.id);
    }
    return std::nullopt;
}

/// Ids are left for more connections than there can be, so that none comes twice.
bool are_ids_right(const peer_snapshot& snapshot) {
    constexpr auto half = std::numeric_limits<connection_id>::max() / 2;
    return snapshot.next_id > 0 && snapshot.next_id < half &&
           snapshot.after_session_up <= snapshot.next_id;
}

/// Whether it can be sent again.
bool is_right(const feed_snapshot::route& route, net::address_family family) {
    return route.prefix.family() == family && route.attributes && route.attributes->next_hop &&
           (family == net::address_family::ipv4 || route.attributes->next_hop->global.is_v6());
}

/// In order of prefix, each once; nothing that RFC 7313 has where it was not negotiated.
bool is_right(const feed_snapshot& feed, net::address_family family,
              const negotiated_session& session) {
    const auto is_in_order = [](const auto& a, const auto& b) { return a.prefix < b.prefix; };
    const bool enhanced = feed.refresh_asked || feed.answering == feed_snapshot::refresh::enhanced;
    return (!enhanced || session.enhanced_route_refresh) &&
           std::ranges::adjacent_find(feed.routes, std::not_fn(is_in_order)) == feed.routes.end() &&
           std::ranges::all_of(feed.routes,
                               [&](const auto& route) { return is_right(route, family); });
}

/// There are routes of the session's families, and of no others.
bool are_routes_right(const peer_snapshot& snapshot) {
    const auto established = std::ranges::find_if(snapshot.connections, is_established);
    if (established == snapshot.connections.end())
        return snapshot.routes.empty() && snapshot.refreshes_asked.empty();
    const auto& session = *established->fsm.session;
    return std::ranges::all_of(net::all_families, [&](net::address_family family) {
        const auto feed = snapshot.routes.find(family);
        if (feed == snapshot.routes.end() || !session.families.contains(family))
            return feed == snapshot.routes.end() && !session.families.contains(family);
        return is_right(feed->second, family, session);
    });
}

/// No clock has begun later, so that a duration since then has room in its type.
bool are_times_right(const peer_snapshot& snapshot) {
    const auto is_right_end = [](const std::optional<session_end>& end) {
        return !end || end->at.time_since_epoch() >= 0s;
    };
    return snapshot.up_since >= time_point() && snapshot.refreshes_spent_until >= time_point() &&
           snapshot.since.time_since_epoch() >= 0s && is_right_end(snapshot.ends.last()) &&
           is_right_end(snapshot.ends.last_failure());
}

} // namespace

std::optional<std::string> find_fault(const peer_snapshot& snapshot) {
    if (snapshot.version != peer_snapshot::current_version)
        return fmt::format("its version is {}, not {}", snapshot.version,
                           peer_snapshot::current_version);
    if (auto fault = find_fault(snapshot.connections, snapshot.next_id))
        return fault;
    if (!are_ids_right(snapshot))
        return "its next connection has a number that cannot be";
    if (!snapshot.running && (!snapshot.connections.empty() || snapshot.dial_at))
        return "it has connections and does not run";
    if (snapshot.running && snapshot.down)
        return "it is down and runs";
    if (!are_routes_right(snapshot))
        return "it has routes that its session cannot have";
    if (!are_times_right(snapshot))
        return "it has a time before its clock has begun";
    if (snapshot.failures > retry_backoff::most_failures)
        return "it has had more failures than are counted";
    return std::nullopt;
}

peer_snapshot peer::snapshot() const {
    peer_snapshot made;
    made.running = running_;
    made.down = down_;
    made.routes_complete = routes_complete_;
    for (const auto* slot : connections_.all())
        if (*slot && (*slot)->connected() && !(*slot)->fsm().waits_for_bfd())
            made.connections.push_back(
                (*slot)->snapshot(rest_of_output(**slot, routes_of(**slot))));
    made.next_id = next_id_;
    made.after_session_up = after_session_up_;
    made.dial_at = dial_at_;
    if (connections_.dialled &&
        (!connections_.dialled->connected() || connections_.dialled->fsm().waits_for_bfd()))
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
