#include "herald/bgp/peer.hpp"

#include <algorithm>
#include <ranges>

namespace herald::bgp {

namespace {

using namespace std::chrono_literals;

/// So many octets with routes are given to the peer's TCP at once.
constexpr std::size_t write_ahead = 65536;

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
        self.actions_.emplace_back(peer_action::close{on.id(), self.rest_of(on)});
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
    start_now(at);
    return done();
}

void peer::start_now(moment at) {
    if (running_ || down_)
        return;
    running_ = true;
    if (!settings_.passive)
        dial(at);
    update_state(at);
}

void peer::restarted(time_point when) {
    if (settings_.session.graceful_restart > 0s)
        restarted_until_ = when + settings_.session.graceful_restart;
}

peer_actions peer::stop(const std::optional<wire::notification>& notification, moment at) {
    stop_now(notification, at);
    return done();
}

void peer::stop_now(const std::optional<wire::notification>& notification, moment at) {
    running_ = false;
    dial_at_.reset();
    for (auto* slot : slots())
        if (*slot)
            handle(**slot, event::stop{notification}, at);
    update_state(at);
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
    if (!established_)
        return;
    for (const auto family : net::all_families)
        if (session()->families.contains(family))
            rib_.resend(family, session()->enhanced_route_refresh);
}

peer_actions peer::change(peer_settings settings) {
    settings_ = std::move(settings);
    backoff_ = retry_backoff(settings_.session.connect_retry);
    if (established_)
        find_next_hops();
    return done();
}

bool peer::takes_connections() const {
    return running_ && !(accepted_ && accepted_->state() == session_state::open_confirm);
}

peer_actions peer::accepted(const boost::asio::ip::address& local_address,
                            const interface_addresses& beside, moment at) {
    // The neighbor knows best which of its own connections is alive: the newest one.
    if (accepted_)
        handle(*accepted_, event::stop{collision()}, at);
    accepted_ = make_connection(direction::accepted, at);
    accepted_->set_connected(local_address, beside);
    handle(*accepted_, event::start_passive{}, at);
    handle(*accepted_, event::tcp_established{}, at);
    return done();
}

peer_actions peer::connected(connection_id id, const boost::asio::ip::address& local_address,
                             const interface_addresses& beside, moment at) {
    auto* const open = find(id);
    if (open != nullptr && !open->connected()) {
        open->set_connected(local_address, beside);
        handle(*open, event::tcp_established{}, at);
    }
    return done();
}

peer_actions peer::failed(connection_id id, std::error_code error, moment at) {
    session_end how;
    how.failure = error;
    lose(id, how, at);
    return done();
}

peer_actions peer::closed(connection_id id, moment at) {
    session_end how;
    how.closed_by_peer = true;
    lose(id, how, at);
    return done();
}

void peer::lose(connection_id id, const session_end& how, moment at) {
    if (auto* const lost = find(id)) {
        lost->set_failed();
        lost_ = how;
        handle(*lost, event::tcp_failed{}, at);
        lost_ = {};
    }
}

std::span<std::uint8_t> peer::input(connection_id id) {
    auto* const from = find(id);
    return from != nullptr && from->connected() ? from->input() : std::span<std::uint8_t>();
}

peer_actions peer::received(connection_id id, std::size_t count, moment at) {
    if (auto* const from = find(id)) {
        from->received(count);
        handle_input(id, at);
    }
    return done();
}

/// Any event may end the connection, its own or another one's.
void peer::handle_input(connection_id id, moment at) {
    while (auto* const from = find(id)) {
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
    if (auto* const to = find(id); to != nullptr && to->connected())
        gather(*to);
    return output_;
}

/// Other messages go between two with routes.
void peer::gather(connection& to) {
    const bool has_routes = &to == established_.get();
    const bool amid = has_routes && rib_.rest_of_message() > 0;
    if (amid)
        rib_.gather(output_, to.output().empty() ? write_ahead : 1);
    if (!to.output().empty())
        output_.emplace_back(to.output());
    if (has_routes && !amid)
        rib_.gather(output_, write_ahead);
}

peer_actions peer::wrote(connection_id id, std::size_t count, moment at) {
    auto* const to = find(id);
    if (to == nullptr)
        return {};
    auto others = std::min(count, to->output().size());
    if (to == established_.get()) {
        if (const auto before = rib_.rest_of_message(); before > 0)
            others = std::min(count - std::min(count, before), others);
        const auto done = rib_.wrote(count - others);
        counters_.sent[static_cast<std::size_t>(wire::message_type::update)] += done.updates;
        counters_.sent[static_cast<std::size_t>(wire::message_type::route_refresh)] +=
            done.refreshes;
    }
    to->wrote(others);
    if (to->state() == session_state::established)
        handle(*to, event::write_progressed{}, at);
    return done();
}

/// What is still to be written before the connection is closed: no message is left half sent.
std::vector<std::uint8_t> peer::rest_of(connection& closing) {
    std::vector<std::uint8_t> rest;
    output_.clear();
    if (&closing == established_.get() && rib_.rest_of_message() > 0)
        rib_.gather(output_, 1);
    for (const auto octets : output_)
        rest.insert(rest.end(), octets.begin(), octets.end());
    rest.insert(rest.end(), closing.output().begin(), closing.output().end());
    closing.output().clear();
    return rest;
}

peer_actions peer::link_changed(connection_id id, const interface_addresses& beside) {
    auto* const carried = find(id);
    if (carried != nullptr && carried->beside() != beside) {
        carried->set_beside(beside);
        if (carried == established_.get())
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
    for (const auto* slot : {&dialled_, &accepted_, &established_})
        if (*slot)
            consider((*slot)->next_timer());
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
        if (!dialled_ && !established_)
            dial(at);
        return;
    }
    answer_refreshes(at.now);
    for (auto* slot : slots())
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
    if (established_)
        join_groups();
}

bool peer::routes_complete() {
    const bool known = std::exchange(routes_complete_, true);
    if (!known && established_)
        rib_.owe_end_of_rib();
    return !known;
}

const negotiated_session* peer::session() const {
    return established_ ? &*established_->fsm().session() : nullptr;
}

std::string peer::why_down() const {
    return established() ? std::string() : ends_.describe();
}

bool peer::all_written() const {
    return !established_ || (!rib_.has_message() && established_->output().empty());
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
    for (auto* slot : slots()) {
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
    established_ = release(on);
    after_session_up_ = next_id_;
    if (dialled_)
        handle(*dialled_, event::stop{collision()}, at);
    dial_at_.reset();
    up_since_ = at.now;
    restarted_until_ = {};
    ends_.session_up();
    refreshes_ = {};
    const auto& session = *established_->fsm().session();
    actions_.emplace_back(peer_action::be_patient{on.id(), send_hold_time(session)});
    rib_.session_up(session.families);
    find_next_hops();
    if (routes_complete_)
        rib_.owe_end_of_rib();
    update_state(at);
    actions_.emplace_back(peer_action::session_up{session});
}

void peer::session_over(connection& on, const action::session_over& how, moment at) {
    const auto gone = release(on);
    if (how.was_established) {
        rib_.session_down();
        next_hops_.clear();
        refreshes_ = {};
        backoff_.session_ended(
            std::chrono::duration_cast<std::chrono::milliseconds>(at.now - up_since_),
            how.received);
    }
    const session_end end{.at = at.wall,
                          .sent = how.sent,
                          .received = how.received,
                          .failure = lost_.failure,
                          .closed_by_peer = lost_.closed_by_peer,
                          .was_established = how.was_established};
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

peer::connection_ptr peer::make_connection(direction opened_by, moment at) {
    return std::make_unique<connection>(next_id_++, opened_by, settings_.session,
                                        at.now < restarted_until_, counters_, jitter_);
}

void peer::dial(moment at) {
    dialled_ = make_connection(direction::dialled, at);
    handle(*dialled_, event::start{}, at);
}

/// Dials when the back-off allows it, unless something is under way. While the neighbor's own
/// connection is, ours would only collide with it, and so waits longer.
void peer::dial_later(moment at) {
    if (!running_ || settings_.passive || dialled_ || established_)
        return;
    const auto when = accepted_ ? at.now + jitter_(settings_.session.connect_retry) : at.now;
    dial_at_ = std::max(when, not_before_);
}

void peer::update_state(moment at) {
    auto furthest = running_ ? session_state::active : session_state::idle;
    for (const auto* slot : {&dialled_, &accepted_, &established_})
        if (*slot)
            furthest = std::max(furthest, (*slot)->state());
    if (dialled_ && furthest == session_state::active)
        furthest = std::max(dialled_->state(), session_state::connect);
    const auto before = std::exchange(state_, furthest);
    if (before == furthest)
        return;
    since_ = at.wall;
    if (before == session_state::established || furthest == session_state::established)
        ++transitions_;
    actions_.emplace_back(peer_action::state_changed{before, furthest});
}

void peer::find_next_hops() {
    const auto& session = *established_->fsm().session();
    for (auto& text :
         next_hops_.find(session.families, settings_.next_hops, established_->local_address(),
                         established_->beside(), session.format.extended_next_hop))
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

connection* peer::find(connection_id id) {
    for (auto* slot : slots())
        if (*slot && (*slot)->id() == id)
            return slot->get();
    return nullptr;
}

/// Takes a connection out of its slot.
peer::connection_ptr peer::release(const connection& one) {
    for (auto* slot : slots())
        if (slot->get() == &one)
            return std::exchange(*slot, nullptr);
    return nullptr;
}

} // namespace herald::bgp
