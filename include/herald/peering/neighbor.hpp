#pragma once

#include "herald/bgp/adj_rib_out.hpp"
#include "herald/bgp/retry_backoff.hpp"
#include "herald/peering/connection.hpp"
#include "herald/peering/peering_settings.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herald::peering {

class neighbor;

/// How a session, or an attempt at one, ended.
struct session_end {
    std::chrono::system_clock::time_point at{};
    std::optional<wire::notification> sent;
    std::optional<wire::notification> received;
    error_code failure; // of the connection, where there was no NOTIFICATION
    bool was_established = false;

    /// "received Cease / Administrative Shutdown: upgrading", "connection refused" …
    std::string describe() const;
};

/// Who is told what becomes of neighbors. Calls are made in the turn of the loop in which it
/// happens.
class neighbor_observer {
public:
    virtual ~neighbor_observer() = default;
    virtual void state_changed(const neighbor& which, bgp::session_state before,
                               bgp::session_state now) = 0;
    virtual void session_up(const neighbor& which) = 0;
    virtual void session_ended(const neighbor& which, const session_end& end) = 0;
    virtual void malformed_update(const neighbor& which, const wire::checked_update& update) = 0;
    /// A next hop could not be found …: problems() has changed.
    virtual void problem(const neighbor& which, const std::string& text) = 0;
};

/// One neighbor: dials it, takes its connections (two at most until one is Established), decides
/// collisions, dials again when a session ends, and sends it the difference between what it is to
/// hear and what it was sent.
class neighbor final : private connection_owner {
public:
    neighbor(surroundings around, neighbor_settings settings, neighbor_observer& observer);
    neighbor(boost::asio::any_io_executor executor, neighbor_settings settings,
             neighbor_observer& observer);
    ~neighbor() override;
    neighbor(const neighbor&) = delete;
    neighbor& operator=(const neighbor&) = delete;

    /// Dials, unless it is to be passive or is administratively down.
    void start();
    /// The daemon has restarted as planned at this time: until the restart time is over, or a
    /// session is Established, OPENs say so (RFC 4724 §4.1).
    void restarted(time_point when);
    /// Whether the neighbor will keep our routes over a restart, RFC 4724 §4.2.
    bool keeps_routes() const;
    /// Ends every connection with this NOTIFICATION and stays down until start().
    void stop(const std::optional<wire::notification>& notification);

    /// The operator's: ends the session with 6/2 and this text (RFC 9003) until enable().
    void shut_down(std::string_view reason);
    void enable();
    bool administratively_down() const { return down_; }
    /// Ends the session with this NOTIFICATION and begins anew.
    void reset(const wire::notification& notification);
    /// Sends everything again; without effect while there is no session.
    void refresh();
    /// Takes settings with which the session goes on; next hops are found anew.
    void update(neighbor_settings settings);

    /// The neighbor dialled: `socket` is connected.
    void accept(boost::asio::ip::tcp::socket socket);
    void accept(std::unique_ptr<transport> over);

    /// From now on it is to hear `prefix` with these attributes; their next hop is filled in here.
    void want(const net::ip_prefix& prefix, bgp::shared_attributes attributes);
    void unwant(const net::ip_prefix& prefix);
    /// From now on it is to hear these, and no others.
    void want_only(const std::map<net::ip_prefix, bgp::shared_attributes>& routes);
    /// Sends what is due, as far as the neighbor's TCP takes it now.
    void flush();
    /// The initial routes are complete: End-of-RIB may follow them, now and in later sessions.
    void routes_complete();

    const neighbor_settings& settings() const { return settings_; }
    /// Of the connection that is furthest.
    bgp::session_state state() const { return state_; }
    std::chrono::system_clock::time_point since() const { return since_; }
    bool established() const { return state_ == bgp::session_state::established; }
    /// Established: what was negotiated; null otherwise.
    const bgp::negotiated_session* session() const;
    const connection* current() const { return established_.get(); }
    const bgp::adj_rib_out& rib() const { return rib_; }
    const message_counters& messages() const { return counters_; }
    /// How the last session ended, or the last attempt at one that came as far as a NOTIFICATION;
    /// before there was either, how the last attempt failed.
    const std::optional<session_end>& last_end() const { return last_end_; }
    /// How the last attempt since the last session failed.
    const std::optional<session_end>& last_failure() const { return last_failure_; }
    /// Why there is no session, in one line; empty where there is one, or none has been tried.
    std::string why_down() const;
    std::uint64_t malformed_updates() const { return malformed_; }
    std::uint64_t transitions() const { return transitions_; }
    /// By family, while Established.
    const std::map<net::address_family, wire::next_hop>& next_hops() const { return next_hops_; }
    const std::vector<std::string>& problems() const { return problems_; }
    /// Nothing is due, and the neighbor's TCP acknowledged everything; true when not Established.
    bool acknowledged() const;

private:
    using connection_ptr = std::shared_ptr<connection>;

    bool admit(connection& from, const wire::open_message& open) override;
    void state_changed(connection& from, bgp::session_state before) override;
    void session_up(connection& from) override;
    void session_over(connection& from, const bgp::action::session_over& how,
                      error_code failure) override;
    void resend(connection& from, net::address_family family) override;
    void malformed_update(connection& from, const wire::checked_update& update) override;
    bool next_routes(std::vector<std::uint8_t>& out) override;
    message_counters& counters() override { return counters_; }

    connection_ptr make_connection(std::unique_ptr<transport> over, bgp::direction opened_by);
    void dial();
    void dial_later();
    void update_state();
    void find_next_hops();
    void want_all_in_session();
    void want_in_session(const net::ip_prefix& prefix, const bgp::shared_attributes& attributes);
    connection* other_than(const connection& one);
    connection_ptr take(const connection& one);

    surroundings around_;
    neighbor_settings settings_;
    neighbor_observer& observer_;
    bool running_ = false;
    bool down_ = false; // administratively
    bool routes_complete_ = false;

    connection_ptr dialled_; // these two until one is Established
    connection_ptr accepted_;
    connection_ptr established_;
    bgp::retry_backoff backoff_;
    std::unique_ptr<alarm_clock> retry_alarm_;
    time_point retry_at_{}; // not before
    std::unique_ptr<alarm_clock> next_hop_alarm_;
    time_point up_since_{};
    time_point restarted_until_{};

    bgp::session_state state_ = bgp::session_state::idle;
    std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
    std::uint64_t transitions_ = 0;
    bool end_stays_ = false; // last_end_, when an attempt fails without a NOTIFICATION
    std::optional<session_end> last_end_;
    std::optional<session_end> last_failure_;
    message_counters counters_;
    std::uint64_t malformed_ = 0;

    std::map<net::ip_prefix, bgp::shared_attributes> wanted_; // without next hop
    std::map<net::address_family, wire::next_hop> next_hops_;
    /// The attributes last completed with a family's next hop: prefixes that follow share them.
    struct completed_attributes {
        bgp::shared_attributes without;
        bgp::shared_attributes with;
    };
    std::map<net::address_family, completed_attributes> completed_;
    std::vector<std::string> problems_;
    bgp::adj_rib_out rib_;
};

} // namespace herald::peering
