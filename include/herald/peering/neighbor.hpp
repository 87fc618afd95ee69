#pragma once

#include "herald/bfd/session.hpp"
#include "herald/bgp/peer.hpp"
#include "herald/peering/connection.hpp"
#include "herald/peering/peering_settings.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace herald::peering {

class neighbor;

using bgp::message_counters;
using bgp::session_end;

/// Who is told what becomes of neighbors, in the turn of the loop in which it happens, and after
/// what comes of it was sent. Much may happen in one turn: what a call says was so when it
/// happened.
class neighbor_observer {
public:
    virtual ~neighbor_observer() = default;
    virtual void state_changed(const neighbor& which, bgp::session_state before,
                               bgp::session_state now) = 0;
    virtual void session_up(const neighbor& which, const bgp::negotiated_session& session) = 0;
    virtual void session_ended(const neighbor& which, const session_end& end) = 0;
    virtual void malformed_update(const neighbor& which, const bgp::malformed_update& update) = 0;
    /// A next hop could not be found, a key not set …: problems() has changed.
    virtual void problem(const neighbor& which, const std::string& text) = 0;
    virtual void bfd_changed(const neighbor& which, const bfd::action::state_changed& change) = 0;
};

/// A neighbor for the program that takes this one's place.
struct neighbor_snapshot {
    bgp::peer_snapshot peer;
    std::map<bgp::connection_id, int> sockets; // of the peer's connections
    std::optional<boost::asio::ip::address_v6> router =
        {}; // of one without an address: found there
    friend bool operator==(const neighbor_snapshot&, const neighbor_snapshot&) = default;
};

/// One neighbor: its sockets, its clock, and the machine that decides, bgp::peer.
class neighbor {
public:
    using transports = std::map<bgp::connection_id, std::unique_ptr<transport>>;

    neighbor(environment environment, neighbor_settings settings, neighbor_observer& observer);
    /// Goes on where another one was, with that one's settings and over the transports of all of
    /// its connections: reads from start() on, and writes once it was told what to hear.
    neighbor(environment environment, neighbor_settings settings, neighbor_observer& observer,
             const bgp::peer_snapshot& from, transports over);
    ~neighbor();
    neighbor(const neighbor&) = delete;
    neighbor& operator=(const neighbor&) = delete;

    // As bgp::peer has them; what comes of them is done.
    /// Without effect while it is not known where the neighbor is.
    void start();
    void restarted(time_point when) { peer_.restarted(when); }
    void stop(const std::optional<wire::notification>& notification);
    /// The same for a restart: one that keeps our routes meanwhile gets no NOTIFICATION, RFC 4724
    /// §4.1.
    void stop_for_restart(const wire::notification& notification);
    void shut_down(std::string_view reason);
    void enable();
    void refresh();
    /// Ends the session with this NOTIFICATION and begins anew.
    void reset(const wire::notification& notification);
    /// `by_operator`: what ended at the other side is not the path.
    void bfd_changed(bool up, bool by_operator);
    /// Takes settings with which the session goes on.
    void update(neighbor_settings settings);
    void routes_complete();
    /// It is here now, or, unspecified, nobody knows where: a session with where it was ends.
    void move_to(const boost::asio::ip::address& address);

    /// Interfaces have other addresses.
    void links_changed();
    /// Why connections that it opens cannot be accepted, a line each; none: they can. What is new
    /// the observer is told.
    void set_accept_problems(std::vector<std::string> why);

    /// The neighbor dialled: `socket` is connected.
    void accept(boost::asio::ip::tcp::socket socket);
    void accept(std::unique_ptr<transport> over);

    void hear(std::shared_ptr<bgp::audience> heard);
    bgp::audience& heard() { return peer_.heard(); }
    /// Sends what is due, as far as the neighbor's TCP takes it now.
    void flush();

    /// Sends a KEEPALIVE and what else is due, as the last thing before a snapshot.
    void send_keepalives() { handle(peer_.send_keepalives(at())); }
    neighbor_snapshot snapshot() const;

    const neighbor_settings& settings() const { return settings_; }
    bool administratively_down() const { return peer_.administratively_down(); }
    bool keeps_routes() const { return peer_.keeps_routes(); }
    bgp::session_state state() const { return peer_.state(); }
    std::chrono::system_clock::time_point since() const { return peer_.since(); }
    bool established() const { return peer_.established(); }
    const bgp::negotiated_session* session() const { return peer_.session(); }
    const bgp::connection* current() const { return peer_.current(); }
    const bgp::rib_out& rib() const { return peer_.rib(); }
    const message_counters& messages() const { return peer_.messages(); }
    const std::optional<session_end>& last_end() const { return peer_.ends().last(); }
    const std::optional<session_end>& last_failure() const { return peer_.ends().last_failure(); }
    std::string why_down() const;
    std::uint64_t malformed_updates() const { return peer_.malformed_updates(); }
    std::uint64_t transitions() const { return peer_.transitions(); }
    const std::map<net::address_family, wire::next_hop>& next_hops() const {
        return peer_.next_hops();
    }
    /// Why families are not announced, a line each.
    const std::vector<std::string>& next_hop_problems() const { return peer_.problems(); }
    /// All that is wrong and not the session's end, a line each.
    std::vector<std::string> problems() const;
    /// Nothing is due, and the neighbor's TCP acknowledged everything; true when not Established.
    bool acknowledged() const;

private:
    friend class connection; // which tells of what happens to it
    struct performer;
    struct teller;

    void connected(bgp::connection_id id);
    void failed(bgp::connection_id id, error_code error);
    std::span<std::uint8_t> input(bgp::connection_id id) { return peer_.input(id); }
    void received(bgp::connection_id id, std::size_t count);
    std::span<const wire::octets> output(bgp::connection_id id) { return peer_.output(id); }
    void wrote(bgp::connection_id id, std::size_t count);

    bgp::moment at() const;
    void handle(const bgp::peer_actions& actions);
    void set_alarm();

    environment environment_;
    neighbor_settings settings_;
    neighbor_observer& observer_;
    bgp::peer peer_;
    std::map<bgp::connection_id, std::shared_ptr<connection>> connections_;
    std::vector<std::string> accept_problems_;
    std::unique_ptr<alarm_clock> alarm_;
    std::optional<time_point> alarm_at_;
    std::vector<std::shared_ptr<connection>> unread_; // inherited, until start()
    bool writes_ = true;
};

} // namespace herald::peering
