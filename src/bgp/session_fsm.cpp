#include "herald/bgp/session_fsm.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace herald::bgp {

namespace {

using namespace std::chrono_literals;
namespace fsm_error = wire::fsm_error;
using wire::message_type;

template <typename... Handlers>
struct overloaded : Handlers... {
    using Handlers::operator()...;
};
template <typename... Handlers>
overloaded(Handlers...) -> overloaded<Handlers...>;

using actions = std::vector<session_action>;

actions ignored() {
    return {};
}

constexpr std::array all_timers{session_timer::connect_retry, session_timer::hold,
                                session_timer::keepalive, session_timer::send_hold};

/// RFC 4271 §8.2.2: the hold timer while the peer's OPEN is awaited.
constexpr std::chrono::milliseconds open_hold_time = 240s;

/// How long BFD is waited for when there is no hold time.
constexpr std::chrono::milliseconds bfd_hold_time = 30s;

/// RFC 8538 §5: after these the peer is not to keep our routes, as it would with the notification
/// extension after any other NOTIFICATION.
bool ends_for_good(const wire::notification& sent) {
    return sent.code == wire::error_code::cease &&
           (sent.subcode == wire::cease_code::administrative_shutdown ||
            sent.subcode == wire::cease_code::deconfigured ||
            sent.subcode == wire::cease_code::bfd_down);
}

} // namespace

std::string_view to_string(session_state state) {
    switch (state) {
    case session_state::idle: return "Idle";
    case session_state::connect: return "Connect";
    case session_state::active: return "Active";
    case session_state::open_sent: return "OpenSent";
    case session_state::open_confirm: return "OpenConfirm";
    case session_state::established: return "Established";
    }
    return "";
}

std::chrono::milliseconds send_hold_time(const negotiated_session& session) {
    if (session.hold_time == 0s)
        return 0s;
    return std::max<std::chrono::milliseconds>(8min, 2 * session.hold_time);
}

session_fsm::session_fsm(const session_settings& settings, bool restarted)
    : settings_(settings)
    , restarted_(restarted) {}

session_fsm::session_fsm(const session_settings& settings, fsm_snapshot from)
    : settings_(settings)
    , state_(from.state)
    , session_(std::move(from.session))
    , running_(from.running) {}

std::vector<session_action> session_fsm::handle(const session_event& event) {
    if (const auto* const bfd = std::get_if<event::bfd_changed>(&event))
        bfd_up_ = bfd->up;
    switch (state_) {
    case session_state::idle: return in_idle(event);
    case session_state::connect:
    case session_state::active: return in_connect_or_active(event);
    case session_state::open_sent: return in_open_sent(event);
    case session_state::open_confirm: return in_open_confirm(event);
    case session_state::established: return in_established(event);
    }
    return {};
}

session_fsm::actions session_fsm::in_idle(const session_event& event) {
    return std::visit(overloaded{
                          [this](const event::start&) { return dial(); },
                          // RFC 4271 §8.2.2 would start the connect-retry timer, whose expiry
                          // dials; a passive side that never dials does without.
                          [this](const event::start_passive&) {
                              state_ = session_state::active;
                              return actions{};
                          },
                          [](const event::stop&) { return ignored(); },
                          [](const event::tcp_established&) { return ignored(); },
                          [](const event::tcp_failed&) { return ignored(); },
                          [](const event::timer_expired&) { return ignored(); },
                          [](const event::open_received&) { return ignored(); },
                          [](const event::keepalive_received&) { return ignored(); },
                          [](const event::update_received&) { return ignored(); },
                          [](const event::route_refresh_received&) { return ignored(); },
                          [](const event::notification_received&) { return ignored(); },
                          [](const event::protocol_error&) { return ignored(); },
                          [](const event::write_progressed&) { return ignored(); },
                          [](const event::bfd_changed&) { return ignored(); },
                      },
                      event);
}

// Without a TCP connection no message can be sent, and one that seems to arrive ends the attempt
// (RFC 4271 §8.2.2, Connect and Active: "any other event").
session_fsm::actions session_fsm::in_connect_or_active(const session_event& event) {
    return std::visit(
        overloaded{
            [](const event::start&) { return ignored(); },
            [](const event::start_passive&) { return ignored(); },
            [this](const event::stop&) { return end(); },
            [this](const event::tcp_established&) { return send_open(); },
            [this](const event::tcp_failed&) { return end(); },
            [this](const event::timer_expired& expired) { return on_timer(expired.timer); },
            [this](const event::open_received&) { return end(); },
            [this](const event::keepalive_received&) { return end(); },
            [this](const event::update_received&) { return end(); },
            [this](const event::route_refresh_received&) { return end(); },
            [this](const event::notification_received&) { return end(); },
            [this](const event::protocol_error&) { return end(); },
            [](const event::write_progressed&) { return ignored(); },
            [](const event::bfd_changed&) { return ignored(); },
        },
        event);
}

session_fsm::actions session_fsm::in_open_sent(const session_event& event) {
    return std::visit(
        overloaded{
            [](const event::start&) { return ignored(); },
            [](const event::start_passive&) { return ignored(); },
            [this](const event::stop& asked) { return end(asked.notification); },
            [](const event::tcp_established&) { return ignored(); }, // collision.hpp
            // RFC 4271 §8.2.2 goes back to Active and waits for the connect-retry timer; here a
            // machine lives as long as its connection, and the neighbor decides when to dial.
            [this](const event::tcp_failed&) { return end(); },
            [this](const event::timer_expired& expired) { return on_timer(expired.timer); },
            [this](const event::open_received& received) {
                return session_ ? fail_unexpected(fsm_error::in_open_sent, message_type::open)
                                : judge_open(received.open);
            },
            [this](const event::keepalive_received&) { return keepalive_in_open_sent(); },
            [this](const event::update_received&) {
                return fail_unexpected(fsm_error::in_open_sent, message_type::update);
            },
            [this](const event::route_refresh_received&) {
                return fail_unexpected(fsm_error::in_open_sent, message_type::route_refresh);
            },
            // RFC 4271 §8.2.2 counts event 25 as unexpected here, yet a refusal of our OPEN is just
            // that, and a NOTIFICATION is never answered with one, §6.4.
            [this](const event::notification_received& received) {
                return end({}, received.notification);
            },
            [this](const event::protocol_error& error) { return end(error.notification); },
            [](const event::write_progressed&) { return ignored(); },
            [this](const event::bfd_changed& bfd) {
                return bfd.up && session_ ? confirm_open() : ignored();
            },
        },
        event);
}

session_fsm::actions session_fsm::in_open_confirm(const session_event& event) {
    return std::visit(
        overloaded{
            [](const event::start&) { return ignored(); },
            [](const event::start_passive&) { return ignored(); },
            [this](const event::stop& asked) { return end(asked.notification); },
            [](const event::tcp_established&) { return ignored(); }, // collision.hpp
            [this](const event::tcp_failed&) { return end(); },
            [this](const event::timer_expired& expired) { return on_timer(expired.timer); },
            // An OPEN on another connection is a collision; a second one on this is a fault.
            [this](const event::open_received&) {
                return fail_unexpected(fsm_error::in_open_confirm, message_type::open);
            },
            [this](const event::keepalive_received&) { return establish(); },
            [this](const event::update_received&) {
                return fail_unexpected(fsm_error::in_open_confirm, message_type::update);
            },
            [this](const event::route_refresh_received&) {
                return fail_unexpected(fsm_error::in_open_confirm, message_type::route_refresh);
            },
            [this](const event::notification_received& received) {
                return end({}, received.notification);
            },
            [this](const event::protocol_error& error) { return end(error.notification); },
            [](const event::write_progressed&) { return ignored(); },
            [](const event::bfd_changed&) { return ignored(); },
        },
        event);
}

session_fsm::actions session_fsm::in_established(const session_event& event) {
    return std::visit(
        overloaded{
            [](const event::start&) { return ignored(); },
            [](const event::start_passive&) { return ignored(); },
            [this](const event::stop& asked) { return end(asked.notification); },
            [](const event::tcp_established&) { return ignored(); }, // collision.hpp
            [this](const event::tcp_failed&) { return end(); },
            [this](const event::timer_expired& expired) { return on_timer(expired.timer); },
            [this](const event::open_received&) {
                return fail_unexpected(fsm_error::in_established, message_type::open);
            },
            // RFC 4271 §8.2.2: KEEPALIVE and UPDATE restart the hold timer, and nothing else does.
            [this](const event::keepalive_received&) { return restart_hold_timer(); },
            [this](const event::update_received&) { return restart_hold_timer(); },
            [this](const event::route_refresh_received& received) {
                return answer_refresh(received.message);
            },
            [this](const event::notification_received& received) {
                return end({}, received.notification);
            },
            [this](const event::protocol_error& error) { return end(error.notification); },
            [this](const event::write_progressed&) { return restart_send_hold_timer(); },
            [](const event::bfd_changed&) { return ignored(); },
        },
        event);
}

/// Also when the connect-retry timer expires in Connect: the attempt is given up for a new one.
session_fsm::actions session_fsm::dial() {
    actions out;
    state_ = session_state::connect;
    start_timer(out, session_timer::connect_retry, settings_.connect_retry, true);
    out.emplace_back(action::dial{});
    return out;
}

session_fsm::actions session_fsm::send_open() {
    actions out;
    state_ = session_state::open_sent;
    stop_timer(out, session_timer::connect_retry);
    out.emplace_back(action::send_open{make_open(settings_, restarted_)});
    start_timer(out, session_timer::hold, open_hold_time, false);
    return out;
}

session_fsm::actions session_fsm::judge_open(const wire::open_message& open) {
    auto negotiated = negotiate(settings_, open);
    if (!negotiated)
        return end(negotiated.error());

    session_ = std::move(*negotiated);
    return settings_.bfd_strict && !bfd_up_ ? wait_for_bfd() : confirm_open();
}

/// For the hold time: so long the peer waits for the KEEPALIVE, too.
session_fsm::actions session_fsm::wait_for_bfd() {
    actions out;
    start_timer(out, session_timer::hold,
                session_->hold_time == 0s ? bfd_hold_time : session_->hold_time, false);
    return out;
}

session_fsm::actions session_fsm::confirm_open() {
    actions out;
    state_ = session_state::open_confirm;
    out.emplace_back(action::send_keepalive{});
    if (session_->hold_time == 0s) { // RFC 4271 §4.2: neither KEEPALIVEs nor a hold timer
        stop_timer(out, session_timer::hold);
    } else {
        start_keepalive_timer(out);
        start_timer(out, session_timer::hold, session_->hold_time, false);
    }
    if (peer_confirmed_)
        std::ranges::move(establish(), std::back_inserter(out));
    return out;
}

/// A peer that does not wait for BFD confirms our OPEN at once.
session_fsm::actions session_fsm::keepalive_in_open_sent() {
    if (!session_)
        return fail_unexpected(fsm_error::in_open_sent, message_type::keepalive);
    peer_confirmed_ = true;
    return ignored();
}

session_fsm::actions session_fsm::establish() {
    actions out;
    state_ = session_state::established;
    if (session_->hold_time != 0s) { // RFC 9687 §3.2: without a hold time no send hold timer
        start_timer(out, session_timer::hold, session_->hold_time, false);
        start_timer(out, session_timer::send_hold, send_hold_time(*session_), false);
    }
    out.emplace_back(action::session_up{*session_});
    return out;
}

/// RFC 4271 §8.2.2 has a timer that does not run end the session in some states. Such an expiry can
/// only be one that was under way when the timer was stopped, so it is ignored.
session_fsm::actions session_fsm::on_timer(session_timer timer) {
    if (!std::exchange(running(timer), false))
        return ignored();
    switch (timer) {
    case session_timer::connect_retry: return dial();
    case session_timer::hold:
        return end(waits_for_bfd()
                       ? wire::make_cease(wire::cease_code::bfd_down)
                       : wire::notification{wire::error_code::hold_timer_expired, 0, {}});
    case session_timer::send_hold:
        return end(wire::notification{wire::error_code::send_hold_timer_expired, 0, {}});
    case session_timer::keepalive: break;
    }
    actions out{action::send_keepalive{}};
    start_keepalive_timer(out);
    return out;
}

/// RFC 2918 §4: a family that was not negotiated is ignored; RFC 7313 §5: so is an unknown subtype.
/// BoRR and EoRR frame routes that are not kept here.
session_fsm::actions session_fsm::answer_refresh(const wire::route_refresh& message) {
    const auto family = net::family_of(message.afi, message.safi);
    if (message.subtype != wire::refresh_subtype::request || !family ||
        !session_->families.contains(*family))
        return ignored();
    return {action::resend{*family}};
}

session_fsm::actions session_fsm::restart_hold_timer() {
    actions out;
    if (session_->hold_time != 0s)
        start_timer(out, session_timer::hold, session_->hold_time, false);
    return out;
}

session_fsm::actions session_fsm::restart_send_hold_timer() {
    actions out;
    if (session_->hold_time != 0s)
        start_timer(out, session_timer::send_hold, send_hold_time(*session_), false);
    return out;
}

/// RFC 6608 §3: the data is the type of the message.
session_fsm::actions session_fsm::fail_unexpected(std::uint8_t subcode, wire::message_type type) {
    return end(
        wire::notification{wire::error_code::fsm, subcode, {static_cast<std::uint8_t>(type)}});
}

session_fsm::actions session_fsm::end(std::optional<wire::notification> sent,
                                      const std::optional<wire::notification>& received) {
    actions out;
    if (sent && session_ && session_->graceful_notification && ends_for_good(*sent))
        sent = wire::make_hard_reset(*sent);
    if (sent)
        out.emplace_back(action::send_notification{*sent});
    for (const auto timer : all_timers)
        stop_timer(out, timer);
    if (state_ != session_state::active) // which waits for a connection and has none
        out.emplace_back(action::close{});
    out.emplace_back(action::session_over{sent, received, state_ == session_state::established});
    state_ = session_state::idle;
    session_.reset();
    return out;
}

void session_fsm::start_timer(actions& out, session_timer timer, std::chrono::milliseconds duration,
                              bool jittered) {
    running(timer) = true;
    out.emplace_back(action::start_timer{timer, duration, jittered});
}

/// RFC 4271 §4.4: never more than one KEEPALIVE a second, which jitter must not undercut.
void session_fsm::start_keepalive_timer(actions& out) {
    const auto interval = session_->keepalive;
    start_timer(out, session_timer::keepalive, interval, interval * 3 / 4 >= 1s);
}

void session_fsm::stop_timer(actions& out, session_timer timer) {
    if (std::exchange(running(timer), false))
        out.emplace_back(action::stop_timer{timer});
}

} // namespace herald::bgp
