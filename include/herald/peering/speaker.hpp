#pragma once

#include "herald/peering/bfd_sessions.hpp"
#include "herald/peering/environment.hpp"
#include "herald/peering/link_routers.hpp"
#include "herald/peering/listener.hpp"
#include "herald/peering/neighbor.hpp"
#include "herald/peering/peering_settings.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace herald::peering {

/// A socket that listens, for the program that takes this one's place.
struct listener_snapshot {
    boost::asio::ip::tcp::endpoint endpoint;
    int socket = -1;
    friend bool operator==(const listener_snapshot&, const listener_snapshot&) = default;
};

/// What a speaker leaves to the program that takes this one's place.
struct speaker_snapshot {
    std::map<std::string, neighbor_snapshot> neighbors; // by name
    std::vector<listener_snapshot> listeners;
    bfd_snapshot bfd;
    friend bool operator==(const speaker_snapshot&, const speaker_snapshot&) = default;
};

/// All neighbors, the listeners that take their connections, BFD beside them, and where on their
/// links those are that have no address.
class speaker final : private bfd_observer, private router_observer {
public:
    /// `inherited`: what another one left that had these settings. Its sockets are this one's: what
    /// is of no use is closed.
    speaker(environment environment, const listen_settings& listen,
            std::vector<neighbor_settings> neighbors, neighbor_observer& observer,
            speaker_snapshot inherited = {});
    ~speaker() override;
    speaker(const speaker&) = delete;
    speaker& operator=(const speaker&) = delete;

    /// Listens and dials. The error is a line for people: an address that cannot be listened on.
    std::expected<void, std::string> start();

    const std::vector<std::unique_ptr<neighbor>>& neighbors() const { return neighbors_; }
    neighbor* find(const std::string& name) const;

    /// The neighbor's BFD session; null: it has none.
    const bfd::session* bfd_of(const neighbor& which) const;
    /// As it is reached.
    std::optional<bfd_path> bfd_path_of(const neighbor& which) const;
    /// BFD packets that were of no session.
    const bfd::discard_counters& bfd_strays() const { return bfd_.strays(); }
    /// All that is wrong with it, its BFD and its link, and not the session's end; a line each.
    std::vector<std::string> problems_of(const neighbor& which) const;

    /// As neighbor does; BFD follows, AdminDown after the session has ended.
    void shut_down(neighbor& which, std::string_view reason);
    void enable(neighbor& which);

    /// Takes other settings: listens where it did not, ends the sessions of neighbors that are gone
    /// (6/3) and of those whose session cannot go on (6/6), and dials what is new. What neighbors
    /// are to hear is then to be said for the new ones. The observer is told of all this when
    /// neighbors() has those of `neighbors`. The error is a line for people: an address that cannot
    /// be listened on; nothing has changed then.
    std::expected<void, std::string> change(const listen_settings& listen,
                                            std::vector<neighbor_settings> neighbors);

    /// Sends every neighbor what is due: a millisecond's worth of it in each turn of the loop, so
    /// that KEEPALIVEs are on time however many there are. Then calls `done`: in this turn, if that
    /// is enough.
    void flush(std::function<void()> done);

    /// Whether all neighbors have acknowledged all that they should have.
    bool acknowledged() const;

    /// Calls `done` once every neighbor has acknowledged what it was sent, or after `limit`.
    void when_acknowledged(std::chrono::milliseconds limit, std::function<void()> done);
    /// Whether every flush is done, and no connection is being closed: what it was to say at its
    /// end was said.
    bool idle() const { return !flush_goes_on_ && *environment_.closing == 0; }
    /// To be called between any two things that the loop does: BFD goes before all else.
    void attend() { bfd_.attend(); }
    /// Neighbors send a KEEPALIVE, a BFD packet and what else is due …
    void send_keepalives();
    /// … and this is what they are then.
    speaker_snapshot snapshot() const;

    /// Stops listening and ends every session with this NOTIFICATION. Connections flush and close
    /// by themselves.
    void stop(const wire::notification& notification);
    /// The same for a restart: neighbors that keep our routes meanwhile get no NOTIFICATION, RFC
    /// 4724 §4.1.
    void stop_for_restart(const wire::notification& notification);

private:
    std::unique_ptr<neighbor> make_neighbor(neighbor_settings settings,
                                            const neighbor_snapshot* inherited);
    void flush_some();
    void accepted(const listener& at, boost::asio::ip::tcp::socket socket);
    void stop_listening();
    using listeners = std::vector<std::shared_ptr<listener>>;
    std::expected<listeners, std::string>
    listen_on(const listen_settings& listen, const std::vector<neighbor_settings>& neighbors);
    std::expected<void, std::string> open(listener& one,
                                          const boost::asio::ip::tcp::endpoint& endpoint,
                                          const std::vector<neighbor_settings>& neighbors);
    void start_all();
    struct replacement;
    replacement replace(std::vector<neighbor_settings> next);
    static void change(neighbor& which, neighbor_settings settings);
    std::set<std::string> links() const;
    std::vector<neighbor_settings> all_settings() const;
    void locate(std::vector<neighbor_settings>& neighbors) const;
    void router_changed(const std::string& interface) override;
    void router_problem(const std::string& interface, const std::string& text) override;
    void update_bfd();
    void await_closing();
    bfd_path path_to(const neighbor& which) const;
    bfd_peer bfd_peer_of(const neighbor& which) const;
    void bfd_changed(const std::string& name, const bfd::action::state_changed& change) override;
    void bfd_problem(const std::string& name, const std::string& text) override;
    void poll_acknowledgement(std::chrono::milliseconds pause);

    struct waiter {
        time_point limit;
        std::function<void()> done;
    };

    environment environment_;
    listen_settings listen_;
    std::vector<std::unique_ptr<neighbor>> neighbors_;
    listeners listeners_;
    std::vector<listener_snapshot> inherited_; // until start()
    neighbor_observer& observer_;
    std::size_t next_to_flush_ = 0;
    std::size_t left_to_flush_ = 0;
    bool flush_goes_on_ = false; // in a turn of its own
    std::vector<std::function<void()>> after_flush_;
    std::vector<waiter> waiters_;
    std::unique_ptr<alarm_clock> poll_alarm_;
    link_routers routers_;
    bfd_sessions bfd_;
    std::unique_ptr<alarm_clock> bfd_alarm_; // update_bfd() is to be tried again
    bool stopped_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace herald::peering
