#pragma once

#include "herald/bgp/collision.hpp"
#include "herald/bgp/jitter.hpp"
#include "herald/bgp/moment.hpp"
#include "herald/bgp/next_hops.hpp"
#include "herald/bgp/session_fsm.hpp"
#include "herald/wire/framer.hpp"
#include "herald/wire/update.hpp"

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace herald::bgp {

/// Tells the connections of a peer apart; never used twice.
using connection_id = std::uint64_t;

/// Messages by type; index 0 is not used.
struct message_counters {
    std::array<std::uint64_t, 6> sent{};
    std::array<std::uint64_t, 6> received{};
    friend bool operator==(const message_counters&, const message_counters&) = default;
};

/// An UPDATE that the session survives, RFC 7606.
struct malformed_update {
    wire::disposition outcome = wire::disposition::none;
    std::vector<wire::malformation> malformations; // never empty
    friend bool operator==(const malformed_update&, const malformed_update&) = default;
};

/// A connection with TCP, between two events.
struct connection_snapshot {
    connection_id id = 0;
    direction opened_by = direction::dialled;
    fsm_snapshot fsm;
    boost::asio::ip::address local_address;
    interface_addresses beside;
    std::vector<std::uint8_t> input;  // that arrived and is not yet a whole message
    std::vector<std::uint8_t> output; // to be written before any routes
    std::array<std::optional<time_point>, session_timer_count> deadlines; // of timers that run
    friend bool operator==(const connection_snapshot&, const connection_snapshot&) = default;
};

/// One connection of a peer, without its socket: the session's state machine, the octets that came
/// in and are to go out, and the deadlines of its timers.
class connection {
public:
    connection(connection_id id, direction opened_by, const session_settings& settings,
               bool restarted, message_counters& counters, jitter& jitter);
    connection(const connection_snapshot& from, const session_settings& settings,
               message_counters& counters, jitter& jitter);
    /// `output`: what is to be written before any routes.
    connection_snapshot snapshot(std::vector<std::uint8_t> output) const;

    connection_id id() const { return id_; }
    direction opened_by() const { return opened_by_; }
    const session_fsm& fsm() const { return fsm_; }
    session_state state() const { return fsm_.state(); }
    bool connected() const { return connected_; }
    /// This end's address; unspecified while not connected. A link-local one carries its scope.
    const boost::asio::ip::address& local_address() const { return local_address_; }

    /// The addresses of the interface that carries it.
    const interface_addresses& beside() const { return beside_; }

    void set_connected(const boost::asio::ip::address& local_address,
                       const interface_addresses& beside);
    void set_beside(const interface_addresses& beside) { beside_ = beside; }
    /// TCP has failed: nothing can be written any more.
    void set_failed();

    /// Gives the state machine an event and does what it asks for of timers and messages. What
    /// remains is the peer's: dial, close, session_up, session_over, resend, in this order.
    std::vector<session_action> handle(const session_event& event, time_point now);

    /// Where the next octets that arrive are to be put; never empty.
    std::span<std::uint8_t> input() { return framer_.prepare(); }
    void received(std::size_t count) { framer_.commit(count); }
    /// The next event in what was received; none: the rest is incomplete. UPDATEs that arrived
    /// together are one event, since for the hold timer a thousand are one.
    std::optional<session_event> next_event();
    /// Malformed UPDATEs among the events so far.
    std::vector<malformed_update> take_malformed() { return std::exchange(malformed_, {}); }

    /// Octets of whole messages that are still to be written.
    const std::vector<std::uint8_t>& output() const { return output_; }
    void wrote(std::size_t count);

    /// The earliest deadline; none: no timer runs.
    std::optional<time_point> next_timer() const;
    /// The timer whose deadline that is; it is stopped.
    session_timer take_next_timer();

private:
    struct performer;

    std::size_t earliest() const;
    void write(const std::vector<std::uint8_t>& message, wire::message_type type);
    std::optional<session_event> decode(const wire::frame& frame);
    std::optional<session_event> decode_update(wire::octets body);

    connection_id id_;
    direction opened_by_;
    session_fsm fsm_;
    bool connected_ = false;
    boost::asio::ip::address local_address_;
    interface_addresses beside_;
    wire::framer framer_;
    bool update_read_ = false; // one that the state machine is still to be told of
    std::vector<malformed_update> malformed_;
    std::vector<std::uint8_t> output_;
    std::array<std::optional<time_point>, session_timer_count> deadlines_;
    message_counters& counters_;
    jitter& jitter_;
};

} // namespace herald::bgp
