#pragma once

#include "herald/bgp/collision.hpp"
#include "herald/bgp/session_fsm.hpp"
#include "herald/peering/session_timers.hpp"
#include "herald/peering/surroundings.hpp"
#include "herald/wire/framer.hpp"
#include "herald/wire/update.hpp"

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <vector>

namespace herald::peering {

/// Messages by type; index 0 is not used.
struct message_counters {
    std::array<std::uint64_t, 6> sent{};
    std::array<std::uint64_t, 6> received{};
};

class connection;

/// Who owns a connection and is told what becomes of it.
class connection_owner {
public:
    virtual ~connection_owner() = default;

    /// A valid OPEN arrived, before the FSM sees it: collisions are decided here. False when this
    /// connection was ended over it.
    virtual bool admit(connection& from, const wire::open_message& open) = 0;
    virtual void state_changed(connection& from, bgp::session_state before) = 0;
    virtual void session_up(connection& from) = 0;
    /// Nothing follows; the owner may let go of the connection, which flushes and closes by itself.
    virtual void session_over(connection& from, const bgp::action::session_over& how,
                              error_code failure) = 0;
    virtual void resend(connection& from, net::address_family family) = 0;
    virtual void malformed_update(connection& from, const wire::checked_update& update) = 0;
    /// Appends the next messages with routes to `out`; false when there is none.
    virtual bool next_routes(std::vector<std::uint8_t>& out) = 0;
    virtual message_counters& counters() = 0;
};

/// One connection: a transport, the FSM that decides, its clocks, a read loop and one write queue.
/// Kept alive by its own coroutines until it is closed; tells its owner nothing once released.
class connection : public std::enable_shared_from_this<connection> {
public:
    connection(const surroundings& around, std::unique_ptr<transport> transport,
               const bgp::session_settings& settings, bgp::direction opened_by,
               connection_owner& owner, bool restarted);

    /// Begins: dials, or takes up the connection that was accepted.
    void start();
    /// Ends the session with this NOTIFICATION, or silently without one.
    void stop(std::optional<wire::notification> notification);
    /// From now on the owner is not called.
    void release() { owner_ = nullptr; }
    /// There may be routes to send: sends what the peer's TCP takes now.
    void flush();

    const bgp::session_fsm& fsm() const { return fsm_; }
    bgp::direction opened_by() const { return opened_by_; }
    boost::asio::ip::address local_address() const { return transport_->local_address(); }
    /// Nothing written waits here or in TCP for the peer's acknowledgement.
    bool acknowledged() const { return out_.empty() && transport_->unacknowledged() == 0; }

private:
    struct performer;

    void handle(const bgp::session_event& event);
    void expired(bgp::session_timer timer);
    void write(const std::vector<std::uint8_t>& message, wire::message_type type);
    void await_writable();
    void failed(error_code error);
    void close();
    void finish();

    // Each keeps the connection alive, from before its first turn.
    boost::asio::awaitable<void> dial(std::shared_ptr<connection> self, std::uint64_t attempt);
    boost::asio::awaitable<void> read_loop(std::shared_ptr<connection> self);
    boost::asio::awaitable<void> write_later(std::shared_ptr<connection> self);
    void read_messages();
    /// False when there is none that is whole and right.
    bool read_message();
    void dispatch(const wire::frame& frame);
    void dispatch_open(wire::octets body);
    void dispatch_update(wire::octets body);
    /// Hands the FSM what was decoded, or the fault that decoding found.
    template <class Message, class Make>
    void deliver(std::expected<Message, wire::notification> decoded, Make make_event) {
        if (!decoded)
            return handle(bgp::event::protocol_error{std::move(decoded.error())});
        handle(make_event(std::move(*decoded)));
    }

    boost::asio::any_io_executor executor_;
    std::shared_ptr<time_source> time_;
    std::unique_ptr<transport> transport_;
    bgp::session_fsm fsm_;
    bgp::direction opened_by_;
    connection_owner* owner_;
    session_timers timers_;
    std::unique_ptr<alarm_clock> closing_alarm_;
    wire::framer framer_;
    std::vector<std::uint8_t> out_;
    error_code failure_;
    std::uint64_t attempt_ = 0; // of dialling: an older attempt's outcome is dropped
    bool connected_ = false;
    bool reading_ = false;     // what is to be written waits until all that was read is acted on
    bool update_read_ = false; // one that the FSM is still to be told of
    bool writing_ = false;     // waiting for the socket to take more
    bool closing_ = false;     // flush, then close
    bool closed_ = false;
};

} // namespace herald::peering
