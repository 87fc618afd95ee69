#pragma once

#include "herald/bgp/negotiation.hpp"
#include "herald/bgp/session_settings.hpp"
#include "herald/wire/framer.hpp"
#include "herald/wire/messages.hpp"
#include "herald/wire/notification.hpp"
#include "herald/wire/open.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace herald::bgp {

/// RFC 4271 §8.2.2.
enum class session_state : std::uint8_t {
    idle,
    connect,
    active,
    open_sent,
    open_confirm,
    established,
};

/// "Idle", "OpenSent" …, as the RFC and every router write it.
std::string_view to_string(session_state state);

enum class session_timer : std::uint8_t {
    connect_retry, // RFC 4271 §8.1.3, event 9
    hold,          // event 10
    keepalive,     // event 11
    send_hold,     // RFC 9687
};
inline constexpr std::size_t session_timer_count = 4;

/// What can happen to a session. The numbers are those of RFC 4271 §8.1.
namespace event {
struct start {};         // 1, 3: dial
struct start_passive {}; // 4, 5: wait for the peer's connection
/// 2, 8: end with this NOTIFICATION; without one close silently (RFC 4724 §4.2 restarts).
struct stop {
    std::optional<wire::notification> notification;
};
struct tcp_established {}; // 16, 17
struct tcp_failed {};      // 18: refused, reset, closed by the peer, or a write failed
struct timer_expired {     // 9, 10, 11, RFC 9687
    session_timer timer = session_timer::hold;
};
struct open_received { // 19
    wire::open_message open;
};
struct keepalive_received {}; // 26
struct update_received {};    // 27: it was checked; its routes do not matter here
struct route_refresh_received {
    wire::route_refresh message;
};
struct notification_received { // 24, 25
    wire::notification notification;
};
/// 21, 22, 28: the framer or a decoder refused what the peer sent.
struct protocol_error {
    wire::notification notification;
};
/// Octets reached the peer's TCP while some were waiting: the send hold timer begins anew, RFC
/// 9687.
struct write_progressed {};
/// Whether the neighbor's BFD session is Up.
struct bfd_changed {
    bool up = false;
};
} // namespace event

using session_event =
    std::variant<event::start, event::start_passive, event::stop, event::tcp_established,
                 event::tcp_failed, event::timer_expired, event::open_received,
                 event::keepalive_received, event::update_received, event::route_refresh_received,
                 event::notification_received, event::protocol_error, event::write_progressed,
                 event::bfd_changed>;

/// What the shell is asked to do, in this order.
namespace action {
struct dial { // open a TCP connection; one that is being opened is given up first
    friend bool operator==(dial, dial) = default;
};
struct send_open {
    wire::open_message open;
    friend bool operator==(const send_open&, const send_open&) = default;
};
struct send_keepalive {
    friend bool operator==(send_keepalive, send_keepalive) = default;
};
struct send_notification {
    wire::notification notification;
    friend bool operator==(const send_notification&, const send_notification&) = default;
};
/// Flush what was sent (bounded), then close; give up a connection that is being opened.
struct close {
    friend bool operator==(close, close) = default;
};
/// Starts a timer, or starts it anew. With `jittered` the shell multiplies by 0.75 to 1.0,
/// RFC 4271 §10.
struct start_timer {
    session_timer timer = session_timer::hold;
    std::chrono::milliseconds duration{0};
    bool jittered = false;
    friend bool operator==(const start_timer&, const start_timer&) = default;
};
struct stop_timer {
    session_timer timer = session_timer::hold;
    friend bool operator==(const stop_timer&, const stop_timer&) = default;
};
struct session_up { // Established was entered
    negotiated_session session;
    friend bool operator==(const session_up&, const session_up&) = default;
};
/// Idle was entered; nothing follows. `sent` or `received` is the NOTIFICATION that ended it.
struct session_over {
    std::optional<wire::notification> sent;
    std::optional<wire::notification> received;
    bool was_established = false;
    friend bool operator==(const session_over&, const session_over&) = default;
};
struct resend { // the peer asks for a family's routes again, RFC 2918
    net::address_family family = net::address_family::ipv4;
    friend bool operator==(const resend&, const resend&) = default;
};
} // namespace action

using session_action =
    std::variant<action::dial, action::send_open, action::send_keepalive, action::send_notification,
                 action::close, action::start_timer, action::stop_timer, action::session_up,
                 action::session_over, action::resend>;

/// RFC 9687 §3.1: the greater of 8 minutes and twice the hold time; 0 where there is no hold time.
std::chrono::milliseconds send_hold_time(const negotiated_session& session);

/// What a state machine is that has a TCP connection, so OPEN was sent: enough to go on.
struct fsm_snapshot {
    session_state state = session_state::open_sent; // or beyond
    std::optional<negotiated_session> session;      // from OpenConfirm on
    std::array<bool, session_timer_count> running{};
    friend bool operator==(const fsm_snapshot&, const fsm_snapshot&) = default;
};

/// The state machine of one connection, RFC 4271 §8, as a function from event to actions. It reads
/// no clock and touches no socket; it accepts every event in every state. It is used for one
/// connection: Idle is where it starts and where it ends, and a neighbor that dials again makes a
/// new one. Optional session attributes: PassiveTcpEstablishment. Not implemented: DelayOpen,
/// TrackTcpState, AcceptUnconfiguredPeers, CollisionDetectEstablishedState,
/// SendNOTIFICATIONwithoutOPEN. Collisions are decided apart, in collision.hpp.
class session_fsm {
public:
    /// `restarted`: this start follows a planned restart, RFC 4724 §4.1.
    explicit session_fsm(const session_settings& settings, bool restarted = false);

    session_fsm(const session_settings& settings, fsm_snapshot from);
    fsm_snapshot snapshot() const { return {state_, session_, running_}; }

    session_state state() const { return state_; }
    /// OPENs were exchanged, and the KEEPALIVE that answers the peer's waits for BFD:
    /// draft-ietf-idr-bgp-bfd-strict-mode. The state is OpenSent still.
    bool waits_for_bfd() const { return state_ == session_state::open_sent && session_; }
    /// Set from the peer's OPEN on, until the session is over.
    const std::optional<negotiated_session>& session() const { return session_; }

    bool runs(session_timer timer) const { return running_[static_cast<std::size_t>(timer)]; }

    std::vector<session_action> handle(const session_event& event);

private:
    using actions = std::vector<session_action>;

    actions in_idle(const session_event& event);
    actions in_connect_or_active(const session_event& event);
    actions in_open_sent(const session_event& event);
    actions in_open_confirm(const session_event& event);
    actions in_established(const session_event& event);

    actions dial();
    actions send_open();
    actions judge_open(const wire::open_message& open);
    actions wait_for_bfd();
    actions confirm_open();
    actions keepalive_in_open_sent();
    actions establish();
    actions on_timer(session_timer timer);
    actions answer_refresh(const wire::route_refresh& message);
    actions restart_hold_timer();
    actions restart_send_hold_timer();
    actions fail_unexpected(std::uint8_t subcode, wire::message_type type);
    actions end(std::optional<wire::notification> sent = {},
                const std::optional<wire::notification>& received = {});

    void start_timer(actions& out, session_timer timer, std::chrono::milliseconds duration,
                     bool jittered);
    void start_keepalive_timer(actions& out);
    void stop_timer(actions& out, session_timer timer);
    bool& running(session_timer timer) { return running_[static_cast<std::size_t>(timer)]; }

    session_settings settings_;
    bool restarted_ = false;
    session_state state_ = session_state::idle;
    std::optional<negotiated_session> session_;
    std::array<bool, session_timer_count> running_{};
    bool bfd_up_ = false;
    bool peer_confirmed_ = false; // while this side waits for BFD
};

} // namespace herald::bgp
