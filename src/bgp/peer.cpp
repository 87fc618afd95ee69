#include "herald/bgp/peer.hpp"

#include <algorithm>
#include <ranges>

namespace herald::bgp {

namespace {

using namespace std::chrono_literals;

wire::notification collision() {
    return wire::make_cease(wire::cease_code::collision);
}

} // namespace

/// Does what a connection leaves to its peer.
struct peer::performer {
    peer& self;
    connection& on;
    moment at;

    void operator()(action::dial) const { self.actions_.emplace_back(peer_action::dial{on.id()}); }
    void operator()(action::close) const {
        self.actions_.emplace_back(
            peer_action::close{on.id(), rest_of_output(on, self.routes_of(on))});
    }
    void operator()(const action::session_up&) const { self.session_up(on, at); }
    void operator()(const action::session_over& over) const { self.session_over(on, over, at); }
    void operator()(const action::resend& asked) const { self.refreshes_.ask(asked.family); }
    // A connection does these itself.
    void operator()(const action::send_open&) const {}
    void operator()(action::send_keepalive) const {}
    void operator()(const action::send_notification&) const {}
    void operator()(const action::start_timer&) const {}
    void operator()(const action::stop_timer&) const {}
};

peer::peer(peer_settings settings, bool down, std::uint32_t seed, moment at)
    : settings_(std::move(settings))
    , jitter_(seed)
    , down_(down)
    , backoff_(settings_.session.connect_retry)
    , since_(at.wall) {}

peer_actions peer::start(moment at) {
    if (!down_ && !std::exchange(running_, true)) {
        if (!settings_.passive)
            dial(at);
        update_state(at);
    }
    return done();
}

void peer::restarted(time_point when) {
    if (settings_.session.graceful_restart > 0s)
        restarted_until_ = when + settings_.session.graceful_restart;
}

peer_actions peer::stop(const std::optional<wire::notification>& notification, moment at) {
    running_ = false;
    dial_at_.reset();
    for (auto* slot : connections_.all())
        if (*slot)
            handle(**slot, event::stop{notification}, at);
    update_state(at);
    return done();
}

peer_actions peer::shut_down(std::string_view reason, moment at) {
    down_ = true;
    return stop(wire::make_cease(wire::cease_code::administrative_shutdown, reason), at);
}

peer_actions peer::enable(moment at) {
    down_ = false;
    return start(at);
}

void peer::refresh() {
    if (!connections_.established)
        return;
    for (const auto family : net::all_families)
        if (session()->families.contains(family))
            rib_.resend(family, session()->enhanced_route_refresh);
}

peer_actions peer::change(peer_settings settings) {
    settings_ = std::move(settings);
    backoff_ = retry_backoff(settings_.session.connect_retry);
    if (connections_.established)
        find_next_hops();
    return done();
}

bool peer::takes_connections() const {
    return running_ && !(connections_.accepted &&
                         connections_.accepted->state() == session_state::open_confirm);
}

peer_actions peer::accepted(const boost::asio::ip::address& local_address,
                            const interface_addresses& beside, moment at) {
    // The neighbor knows best which of its own connections is alive: the newest one.
    if (connections_.accepted)
        handle(*connections_.accepted, event::stop{collision()}, at);
    connections_.accepted = make_connection(direction::accepted, at);
    connections_.accepted->set_connected(local_address, beside);
    handle(*connections_.accepted, event::start_passive{}, at);
    handle(*connections_.accepted, event::tcp_established{}, at);
    return done();
}

peer_actions peer::connected(connection_id id, const boost::asio::ip::address& local_address,
                             const interface_addresses& beside, moment at) {
    auto* const open = connections_.find(id);
    if (open != nullptr && !open->connected()) {
        open->set_connected(local_address, beside);
        handle(*open, event::tcp_established{}, at);
    }
    return done();
}

peer_actions peer::failed(connection_id id, std::error_code error, moment at) {
    if (auto* const lost = connections_.find(id)) {
        lost->set_failed();
        failure_ = error;
        handle(*lost, event::tcp_failed{}, at);
        failure_.reset();
    }
    return done();
}

std::span<std::uint8_t> peer::input(connection_id id) {
    auto* const from = connections_.find(id);
    return from != nullptr && from->connected() ? from->input() : std::span<std::uint8_t>();
}

peer_actions peer::received(connection_id id, std::size_t count, moment at) {
    if (auto* const from = connections_.find(id)) {
        from->received(count);
        handle_input(id, at);
    }
    return done();
}

/// Any event may end the connection, its own or another one's.
void peer::handle_input(connection_id id, moment at) {
    while (auto* const from = connections_.find(id)) {
        const auto event = from->next_event();
        for (auto& update : from->take_malformed()) {
            ++malformed_;
            actions_.emplace_back(peer_action::malformed{std::move(update)});
        }
        if (!event)
            return answer_refreshes(at.now);
        const auto* const open = std::get_if<event::open_received>(&*event);
        if (open == nullptr || admit(*from, open->open, at))
            handle(*from, *event, at);
    }
}

std::span<const wire::octets> peer::output(connection_id id) {
    output_.clear();
    if (const auto* const to = connections_.find(id); to != nullptr && to->connected())
        gather_output(*to, routes_of(*to), output_);
    return output_;
}

peer_actions peer::wrote(connection_id id, std::size_t count, moment at) {
    if (auto* const to = connections_.find(id)) {
        count_sent(counters_, wrote_output(*to, routes_of(*to), count));
        if (to->state() == session_state::established)
            handle(*to, event::write_progressed{}, at);
    }
    return done();
}

/// Null: the connection is not Established.
rib_out* peer::routes_of(const connection& on) {
    return &on == connections_.established.get() ? &rib_ : nullptr;
}

peer_actions peer::link_changed(connection_id id, const interface_addresses& beside) {
    auto* const carried = connections_.find(id);
    if (carried != nullptr && carried->beside() != beside) {
        carried->set_beside(beside);
        if (carried == connections_.established.get())
            find_next_hops();
    }
    return done();
}

std::optional<time_point> peer::next_timer() const {
    auto earliest = dial_at_;
    const auto consider = [&](std::optional<time_point> other) {
        if (other && (!earliest || *other < *earliest))
            earliest = other;
    };
    consider(connections_.next_timer());
    consider(refreshes_.next_due());
    return earliest;
}

peer_actions peer::expired(moment at) {
    for (auto due = next_timer(); due && *due <= at.now; due = next_timer())
        expire(*due, at);
    return done();
}

/// The one timer whose deadline this is.
void peer::expire(time_point deadline, moment at) {
    if (dial_at_ == deadline) {
        dial_at_.reset();
        if (!connections_.dialled && !connections_.established)
            dial(at);
        return;
    }
    answer_refreshes(at.now);
    for (auto* slot : connections_.all())
        if (*slot && (*slot)->next_timer() == deadline) {
            auto& on = **slot;
            const auto timer = on.take_next_timer();
            // RFC 9687 §4 is about a peer that does not read: with nothing to be read there is
            // none.
            const bool idle = timer == session_timer::send_hold && all_written();
            return handle(on,
                          idle ? session_event(event::write_progressed{})
                               : session_event(event::timer_expired{timer}),
                          at);
        }
}

void peer::hear(std::shared_ptr<audience> heard) {
    heard_ = std::move(heard);
    if (connections_.established)
        join_groups();
}

bool peer::routes_complete() {
    const bool known = std::exchange(routes_complete_, true);
    if (!known && connections_.established)
        rib_.owe_end_of_rib();
    return !known;
}

const negotiated_session* peer::session() const {
    return connections_.established ? &*connections_.established->fsm().session() : nullptr;
}

std::string peer::why_down() const {
    return established() ? std::string() : ends_.describe();
}

bool peer::all_written() const {
    return !connections_.established ||
           (!rib_.has_message() && connections_.established->output().empty());
}

void peer::handle(connection& on, const session_event& event, moment at) {
    const auto before = on.state();
    const auto actions = on.handle(event, at.now);
    // Established and Idle are told of once session_up and session_over have been seen to.
    if (const auto now = on.state();
        now != before && now != session_state::established && now != session_state::idle)
        update_state(at);
    for (const auto& action : actions)
        std::visit(performer{*this, on, at}, action);
}

/// Decides a collision, RFC 4271 §6.8. False: the newcomer was ended over it.
bool peer::admit(connection& newcomer, const wire::open_message& open, moment at) {
    if (newcomer.state() != session_state::open_sent || !negotiate(settings_.session, open))
        return true; // the state machine refuses the OPEN for what it says
    for (auto* slot : connections_.all()) {
        if (!*slot || slot->get() == &newcomer)
            continue;
        auto& other = **slot;
        auto outcome =
            resolve_collision(settings_.session, open, newcomer.opened_by(), other.fsm());
        // RFC 4724 §4.2: what was opened before the session was up does not tell of a restart.
        if (outcome == collision_outcome::replace_other && newcomer.id() < after_session_up_)
            outcome = collision_outcome::close_newcomer;
        switch (outcome) {
        case collision_outcome::none: break;
        case collision_outcome::close_newcomer:
            handle(newcomer, event::stop{collision()}, at);
            return false;
        case collision_outcome::close_other: handle(other, event::stop{collision()}, at); break;
        case collision_outcome::replace_other: handle(other, event::stop{std::nullopt}, at); break;
        }
    }
    return true;
}

void peer::session_up(connection& on, moment at) {
    connections_.established = connections_.release(on);
    after_session_up_ = next_id_;
    if (connections_.dialled)
        handle(*connections_.dialled, event::stop{collision()}, at);
    dial_at_.reset();
    up_since_ = at.now;
    restarted_until_ = {};
    ends_.session_up();
    refreshes_ = {};
    const auto& session = *connections_.established->fsm().session();
    actions_.emplace_back(peer_action::be_patient{on.id(), send_hold_time(session)});
    rib_.session_up(session.families);
    find_next_hops();
    if (routes_complete_)
        rib_.owe_end_of_rib();
    update_state(at);
    actions_.emplace_back(peer_action::session_up{session});
}

void peer::session_over(connection& on, const action::session_over& how, moment at) {
    const auto gone = connections_.release(on);
    if (how.was_established) {
        rib_.session_down();
        next_hops_.clear();
        refreshes_ = {};
        backoff_.session_ended(
            std::chrono::duration_cast<std::chrono::milliseconds>(at.now - up_since_),
            how.received);
    }
    const session_end end{at.wall,
                          how.sent,
                          how.received,
                          failure_.value_or(std::error_code()),
                          failure_ == std::error_code(),
                          how.was_established};
    ends_.add(end);
    // Whoever connects from the neighbor's address and closes does not change the pace of dialling.
    if (how.was_established || gone->opened_by() == direction::dialled)
        not_before_ = at.now + jitter_(backoff_.next());
    dial_later(at);
    update_state(at);
    actions_.emplace_back(peer_action::session_ended{end});
}

/// Requests that arrived together are answered once, RFC 2918 §4.
void peer::answer_refreshes(time_point now) {
    for (const auto family : refreshes_.take_due(now))
        rib_.resend(family, session()->enhanced_route_refresh);
}

connection_slots::pointer peer::make_connection(direction opened_by, moment at) {
    auto made = std::make_unique<connection>(next_id_++, opened_by, settings_.session,
                                             at.now < restarted_until_, counters_, jitter_);
    made->handle(event::bfd_changed{bfd_up_}, at.now);
    return made;
}

void peer::dial(moment at) {
    connections_.dialled = make_connection(direction::dialled, at);
    handle(*connections_.dialled, event::start{}, at);
}

/// Dials when the back-off allows it, unless something is under way. While the neighbor's own
/// connection is, ours would only collide with it, and so waits longer.
void peer::dial_later(moment at) {
    if (!running_ || settings_.passive || connections_.dialled || connections_.established)
        return;
    const auto when =
        connections_.accepted ? at.now + jitter_(settings_.session.connect_retry) : at.now;
    dial_at_ = std::max(when, not_before_);
}

void peer::update_state(moment at) {
    const auto furthest = connections_.furthest_state(running_);
    const auto before = std::exchange(state_, furthest);
    if (before == furthest)
        return;
    since_ = at.wall;
    if (before == session_state::established || furthest == session_state::established)
        ++transitions_;
    actions_.emplace_back(peer_action::state_changed{before, furthest});
}

void peer::find_next_hops() {
    const auto& session = *connections_.established->fsm().session();
    for (auto& text : next_hops_.find(
             session.families, settings_.next_hops, connections_.established->local_address(),
             connections_.established->beside(), session.format.extended_next_hop))
        actions_.emplace_back(peer_action::problem{std::move(text)});
    join_groups();
}

void peer::join_groups() {
    for (const auto family : net::all_families) {
        const auto next_hop = next_hops().find(family);
        if (next_hop == next_hops().end())
            rib_.leave(family);
        else
            rib_.join(family, heard_->group(family, next_hop->second, session()->format));
    }
}

} // namespace herald::bgp
