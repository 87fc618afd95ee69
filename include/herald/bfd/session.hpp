#pragma once

#include "herald/bfd/packet.hpp"
#include "herald/bfd/session_settings.hpp"
#include "herald/bfd/session_snapshot.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace herald::bfd {

/// What a session asks of whoever has its socket, and what it tells. To be done in this order.
namespace action {
struct send {
    std::vector<std::uint8_t> packet;
    friend bool operator==(const send&, const send&) = default;
};
struct state_changed {
    session_state before = session_state::down;
    session_state now = session_state::down;
    bfd::diagnostic diagnostic = diagnostic::none;
    session_state remote = session_state::down; // AdminDown: what is down there is not the path
    friend bool operator==(state_changed, state_changed) = default;
};
} // namespace action

using session_action = std::variant<action::send, action::state_changed>;
using session_actions = std::vector<session_action>;

/// One session of RFC 5880 as a function from event to actions, without I/O and without a clock, in
/// asynchronous mode. The other side's demand mode is honoured; there is no echo and no demand of
/// its own. The shell asks for next_timer() after each event.
class session {
public:
    /// `local` is its discriminator, which no other session here has, never 0. `seed` decides the
    /// jitter of its packets.
    session(session_settings settings, discriminator local, std::uint32_t seed, moment at);
    /// Goes on where another one was, with that one's settings; what is to be different comes by
    /// change(). The snapshot is one with which nothing is wrong.
    session(session_settings settings, const session_snapshot& from);
    const session_snapshot& snapshot() const { return now_; }

    /// One that decode() accepted, and that is for this session: Your Discriminator says so, or,
    /// where that is 0, the sender's address, RFC 5880 §6.3.
    session_actions received(const received_packet& arrived, moment at);
    /// The path it came on is not one that is allowed.
    void dropped(discard why) { now_.dropped.count(why); }
    /// Takes other settings; intervals change by a Poll Sequence, RFC 5880 §6.8.3.
    session_actions change(session_settings settings, moment at);
    /// AdminDown, which is said for a detection time, RFC 5880 §6.8.16, until finished().
    session_actions shut_down(moment at);
    session_actions enable(moment at);
    /// The next periodic packet goes now: nothing can be sent for a while.
    session_actions send_early(moment at);

    /// When expired() is to be called; none: no timer runs.
    std::optional<time_point> next_timer() const;
    /// Timers whose time has come. Packets that have arrived by then are to be received before.
    session_actions expired(moment at);

    const session_settings& settings() const { return settings_; }
    session_state state() const { return now_.state; }
    /// AdminDown, and nothing more is to be said.
    bool finished() const;
    /// Between two packets of this side, less jitter.
    microseconds tx_interval() const;
    /// Between two packets of the other side.
    microseconds rx_interval() const;
    /// 0: the other side is not heard.
    microseconds detection_time() const;

private:
    std::optional<discard> refuse(const received_packet& arrived,
                                  std::optional<std::uint32_t>& sequence) const;
    void learn(const control_packet& packet, time_point now);
    void judge(const control_packet& packet, moment at);
    void forget_remote();
    void set_state(session_state state, bfd::diagnostic why, moment at);
    void update_intervals();
    bool sends_periodically() const;
    time_point detection_deadline() const;
    time_point next_packet() const;
    void send(time_point now, bool final);
    void draw_jitter();
    std::uint32_t draw();
    session_actions done(time_point now, bool polled = false);

    session_settings settings_;
    session_snapshot now_;
    session_actions actions_;    // of the event that is being handled
    bool something_new_ = false; // to be said at once
};

} // namespace herald::bfd
