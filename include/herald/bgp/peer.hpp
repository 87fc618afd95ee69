#pragma once

#include "herald/bgp/audience.hpp"
#include "herald/bgp/connection_slots.hpp"
#include "herald/bgp/peer_action.hpp"
#include "herald/bgp/peer_snapshot.hpp"
#include "herald/bgp/refresh_limit.hpp"
#include "herald/bgp/retry_backoff.hpp"
#include "herald/bgp/session_output.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace herald::bgp {

/// What a peer needs to know of its configuration.
struct peer_settings {
    session_settings session;
    bool passive = false; // waits to be dialled
    configured_next_hops next_hops;
    friend bool operator==(const peer_settings&, const peer_settings&) = default;
};

/// One neighbor as a function from event to actions, without I/O and without a clock: its
/// connections (two at most until one is Established), collisions, back-off, its next hops, and the
/// difference between what it is to hear and what it was sent. Events that are out of place, and
/// connections that are gone, are ignored. The shell asks for output() and next_timer() after each
/// event.
class peer {
public:
    /// Down: administratively, until enable(). `seed` decides the jitter of its timers.
    peer(peer_settings settings, bool down, std::uint32_t seed, moment at);
    /// Goes on where another one was, with that one's settings; what is to be different comes by
    /// change(). Nothing is told of what it was. The snapshot is one with which nothing is wrong.
    peer(peer_settings settings, const peer_snapshot& from, std::shared_ptr<audience> heard);
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;

    /// Everything that it is, between two events. A connection that is being dialled is left out:
    /// it is dialled anew, and at once.
    peer_snapshot snapshot() const;

    // The operator's words.

    /// Dials, unless it is passive or administratively down.
    peer_actions start(moment at);
    /// The daemon has restarted as planned at `when`: until the restart time is over, or a session
    /// is Established, OPENs say so, RFC 4724 §4.1.
    void restarted(time_point when);
    /// Ends every connection with this NOTIFICATION and stays down until start().
    peer_actions stop(const std::optional<wire::notification>& notification, moment at);
    /// Ends the session with 6/2 and this text (RFC 9003), until enable().
    peer_actions shut_down(std::string_view reason, moment at);
    peer_actions enable(moment at);
    /// Sends everything again; without effect while there is no session.
    void refresh();
    /// Takes settings with which the session goes on.
    peer_actions change(peer_settings settings);
    /// What BFD says of the path to the neighbor; not Up to begin with, and not part of a snapshot.
    /// From Up to Down sessions end at once with 6/10, RFC 9384; if `by_operator` that is none of
    /// the path's fault, and nothing ends, RFC 5882 §4.2.
    peer_actions bfd_changed(bool up, bool by_operator, moment at);
    /// Sends a KEEPALIVE before its time, wherever one is due some time: for a while nobody will
    /// be there to send the next.
    peer_actions send_keepalives(moment at);

    // What becomes of connections.

    /// Whether a connection from the neighbor is of any use now: it runs, and no connection of the
    /// neighbor's own is in OpenConfirm.
    bool takes_connections() const;
    /// The id that the next connection will have.
    connection_id next_connection() const { return next_id_; }
    /// The neighbor dialled: its connection is next_connection(). An older one that it dialled
    /// makes way with 6/7.
    peer_actions accepted(const boost::asio::ip::address& local_address,
                          const interface_addresses& beside, moment at);
    /// The connection that was dialled is open.
    peer_actions connected(connection_id id, const boost::asio::ip::address& local_address,
                           const interface_addresses& beside, moment at);
    /// It could not be opened, or it broke; without an error the peer has closed it.
    peer_actions failed(connection_id id, std::error_code error, moment at);
    /// Where the next octets that arrive are to be put; empty: there is no such connection.
    std::span<std::uint8_t> input(connection_id id);
    peer_actions received(connection_id id, std::size_t count, moment at);
    /// What is to be written next; empty: nothing is due. Valid until the next event.
    std::span<const wire::octets> output(connection_id id);
    /// So many octets of the last output() were written.
    peer_actions wrote(connection_id id, std::size_t count, moment at);
    /// The interface that carries this connection has these addresses now.
    peer_actions link_changed(connection_id id, const interface_addresses& beside);

    /// When expired() is to be called; none: no timer runs.
    std::optional<time_point> next_timer() const;
    /// Timers whose time has come.
    peer_actions expired(moment at);

    // What it is to hear.

    /// From now on what this audience hears (never null), instead of what it heard before: an
    /// audience of its own, to begin with.
    void hear(std::shared_ptr<audience> heard);
    audience& heard() { return *heard_; }
    /// The initial routes are complete: End-of-RIB may follow them, now and in later sessions.
    /// Returns whether that is news.
    bool routes_complete();

    // What is to be seen of it.

    const peer_settings& settings() const { return settings_; }
    bool administratively_down() const { return down_; }
    /// Of the connection that is furthest.
    session_state state() const { return state_; }
    std::chrono::system_clock::time_point since() const { return since_; }
    bool established() const { return state_ == session_state::established; }
    /// The connection that is Established; null without one.
    const connection* current() const { return connections_.established.get(); }
    /// What was negotiated; null while not Established.
    const negotiated_session* session() const;
    /// Whether the neighbor will keep our routes over a restart, RFC 4724 §4.2.
    bool keeps_routes() const { return connections_.established && session()->graceful_restart; }
    const rib_out& rib() const { return rib_; }
    const message_counters& messages() const { return counters_; }
    const session_ends& ends() const { return ends_; }
    /// Why there is no session, in one line; empty where there is one, or none has been tried.
    std::string why_down() const;
    std::uint64_t malformed_updates() const { return malformed_; }
    std::uint64_t transitions() const { return transitions_; }
    /// By family, while Established.
    const std::map<net::address_family, wire::next_hop>& next_hops() const {
        return next_hops_.by_family();
    }
    const std::vector<std::string>& problems() const { return next_hops_.problems(); }
    /// All that it is to hear was written; true while not Established.
    bool all_written() const;

private:
    struct performer;

    peer_actions done() { return std::exchange(actions_, {}); }
    connection_slots::pointer make_connection(direction opened_by, moment at);
    void handle(connection& on, const session_event& event, moment at);
    void handle_input(connection_id id, moment at);
    bool admit(connection& newcomer, const wire::open_message& open, moment at);
    void dial(moment at);
    void dial_later(moment at);
    void session_up(connection& on, moment at);
    void session_over(connection& on, const action::session_over& how, moment at);
    void answer_refreshes(time_point now);
    void expire(time_point deadline, moment at);
    void update_state(moment at);
    void find_next_hops();
    void join_groups();
    rib_out* routes_of(const connection& on);
    const rib_out* routes_of(const connection& on) const;
    std::map<net::address_family, feed_snapshot> snapshot_of_routes() const;
    void resume_session(const peer_snapshot& from);

    peer_settings settings_;
    jitter jitter_;
    peer_actions actions_; // of the event that is being handled
    bool running_ = false;
    bool down_ = false; // administratively
    bool routes_complete_ = false;
    bool bfd_up_ = false;

    connection_id next_id_ = 1;
    connection_slots connections_;
    connection_id after_session_up_ = 0;     // the first that was opened after it
    std::optional<std::error_code> failure_; // of the connection that is being given up
    retry_backoff backoff_;
    std::optional<time_point> dial_at_;
    time_point not_before_{}; // dialling
    time_point up_since_{};
    time_point restarted_until_{};

    session_state state_ = session_state::idle;
    std::chrono::system_clock::time_point since_{};
    std::uint64_t transitions_ = 0;
    session_ends ends_;
    message_counters counters_;
    std::uint64_t malformed_ = 0;

    std::shared_ptr<audience> heard_ = std::make_shared<audience>();
    bgp::next_hops next_hops_; // while Established
    rib_out rib_;
    std::vector<wire::octets> output_; // the last output()
    refresh_limit refreshes_;
};

} // namespace herald::bgp
