#pragma once

#include "herald/bfd/session.hpp"
#include "herald/peering/bfd_socket.hpp"
#include "herald/peering/environment.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace herald::peering {

/// One neighbor as BFD sees it.
struct bfd_peer {
    std::string name;
    boost::asio::ip::address address; // a link-local one carries its scope
    std::optional<boost::asio::ip::address> local_address;
    bfd_path path = bfd_path::single_hop;
    std::uint8_t least_ttl = 255; // with which packets may arrive, RFC 5881 §5
    bfd::session_settings session;
    friend bool operator==(const bfd_peer&, const bfd_peer&) = default;
};

/// A session for the program that takes this one's place.
struct bfd_session_snapshot {
    bfd::session_snapshot machine;
    bfd_path path = bfd_path::single_hop;
    int socket = -1; // from which it sends; -1: it has not sent
    friend bool operator==(const bfd_session_snapshot&, const bfd_session_snapshot&) = default;
};

/// A socket that receives.
struct bfd_receiver_snapshot {
    bfd_path path = bfd_path::single_hop;
    bool v6 = false;
    int socket = -1;
    friend bool operator==(const bfd_receiver_snapshot&, const bfd_receiver_snapshot&) = default;
};

struct bfd_snapshot {
    std::map<std::string, bfd_session_snapshot> sessions; // by neighbor
    std::vector<bfd_receiver_snapshot> receivers;
    friend bool operator==(const bfd_snapshot&, const bfd_snapshot&) = default;
};

/// Who is told, in the turn of the loop in which it happens, after the packet that says so was
/// sent.
class bfd_observer {
public:
    virtual ~bfd_observer() = default;
    virtual void bfd_changed(const std::string& neighbor,
                             const bfd::action::state_changed& change) = 0;
    /// problems() of this neighbor has a new line.
    virtual void bfd_problem(const std::string& neighbor, const std::string& text) = 0;
};

/// All BFD sessions: their sockets, their time, and which packet is whose. Sockets that receive are
/// open while there are sessions for them.
class bfd_sessions {
public:
    /// How soon a socket that could not be opened is tried again.
    static constexpr std::chrono::seconds retry_time{1};

    /// `inherited`: what another one left; those of its sessions that are not wanted the first time
    /// are forgotten.
    bfd_sessions(environment environment, bfd_observer& observer, bfd_snapshot inherited = {});
    ~bfd_sessions();
    bfd_sessions(const bfd_sessions&) = delete;
    bfd_sessions& operator=(const bfd_sessions&) = delete;

    /// There is a session for each of these from now on. One that there was goes on with other
    /// settings, if its addresses and its path are the same; one that is wanted no more, or ends
    /// so, is AdminDown, and says so for a detection time.
    /// `others`: whether those that are wanted no more are to stay for now as they are.
    enum class others : std::uint8_t { end, stay };
    void want(const std::vector<bfd_peer>& peers, others rest = others::end);

    /// What is due by now is done. Alarms call it; a loop that has much else to do calls it between
    /// any two things, as a packet that is late is one that was lost.
    void attend();
    /// Packets go before their time, as the last thing before a snapshot.
    void send_early();

    /// What goes over to another program: sessions that are wanted.
    bfd_snapshot snapshot() const;

    /// Null: there is none of this name.
    const bfd::session* find(const std::string& name) const;
    /// How the session of this name is reached, also one that was left and is not wanted yet.
    std::optional<bfd_path> path_of(const std::string& name) const;
    /// Why packets cannot be received or sent, a line each.
    std::vector<std::string> problems(const std::string& name) const;
    /// The port from which a session's packets are sent; 0: there is none of this name.
    std::uint16_t port_of(const std::string& name) const;
    /// Some that are wanted no more still say so.
    bool leaving() const { return sessions_.size() > by_name_.size(); }
    /// Packets that were of no session.
    const bfd::discard_counters& strays() const { return strays_; }

private:
    struct entry {
        bfd_peer peer;
        bfd_sender sender;
        bfd::session machine;
        std::optional<time_point> due; // the place in due_
        error_code failed;             // the last packet
    };
    struct receiving {
        std::shared_ptr<bfd_receiver> socket; // null: it is not wanted, or could not be opened
        error_code failed;                    // why
    };
    using entries = std::map<bfd::discriminator, std::unique_ptr<entry>>;

    bfd::moment at() const;
    void begin(const bfd_peer& peer);
    bool go_on(const bfd_peer& peer, const bfd_session_snapshot& from);
    void add(std::unique_ptr<entry> made);
    bfd_sender sender_to(const bfd_peer& peer, std::uint16_t port) const;
    void close_inherited();
    void end(bfd::discriminator which);
    bfd::discriminator make_discriminator() const;
    std::uint16_t free_port() const;
    void received(const bfd_arrival& arrival);
    bfd::discriminator addressee(const bfd_arrival& arrival,
                                 const bfd::control_packet& packet) const;
    bfd::discriminator session_with(const bfd_arrival& arrival) const;
    void handle(bfd::discriminator which, const bfd::session_actions& actions);
    void send(entry& from, const bfd::action::send& what);
    void set_due(bfd::discriminator which, entry& of);
    void forget(bfd::discriminator which);
    void set_alarm();
    void ring(bfd::discriminator which);
    void update_receivers();
    void update_receiver(bfd_path path, bool v6);
    void open_receiver(receiving& of, bfd_path path, bool v6);
    error_code open_socket(bfd_receiver& which, bfd_path path, bool v6);
    void tell_of(const receiving& failed, bfd_path path, bool v6);

    environment environment_;
    bfd_observer& observer_;
    bfd_snapshot inherited_; // until the first want()
    entries sessions_;       // those that are leaving, too
    std::map<std::string, bfd::discriminator, std::less<>> by_name_;
    std::array<receiving, 4> receivers_; // by path and IP version
    std::unique_ptr<alarm_clock> retry_;
    std::set<std::pair<time_point, bfd::discriminator>> due_; // whose time comes when
    std::unique_ptr<alarm_clock> alarm_;
    std::optional<time_point> alarm_at_;
    bfd::discard_counters strays_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace herald::peering
