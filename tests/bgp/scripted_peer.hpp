#pragma once

#include "herald/bgp/peer.hpp"
#include "tests/bgp/scripted_router.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

namespace herald::bgp::test {

inline const interface_addresses eth0{"eth0",
                                      boost::asio::ip::make_address_v4("198.51.100.2"),
                                      boost::asio::ip::make_address_v6("2001:db8::2"),
                                      std::nullopt,
                                      {}};
inline const auto our_address = boost::asio::ip::make_address("198.51.100.2");

enum class io_step { dial, read, write };

/// The step with this number fails. Without an error a read or write takes so many octets only;
/// a write of none is one that would block.
struct io_fault {
    std::size_t at = 0;
    std::error_code error;
    std::size_t takes = 0;
};

/// A peer with its router and all between them as values: what is sent arrives at once, and time
/// passes when a test says so. Every step of I/O is counted, and any one can be made to fail.
class scripted_peer {
public:
    scripted_peer(const peer_settings& settings, wire::open_message router_open,
                  std::shared_ptr<audience> to_hear)
        : router_open_(std::move(router_open))
        , heard_(std::move(to_hear))
        , peer_(std::make_unique<peer>(settings, false, 1, at)) {
        peer_->hear(heard_);
    }

    peer& tested() { return *peer_; }
    audience& heard() { return *heard_; }

    void handle(const peer_actions& actions) {
        for (const auto& action : actions)
            std::visit(performer{*this}, action);
        flush();
        if (told)
            for (const auto& action : actions)
                told(action);
    }
    /// The router dials.
    void accept() {
        if (!peer_->takes_connections())
            return;
        links_[peer_->next_connection()].router = make_router();
        handle(peer_->accepted(our_address, beside, at));
    }
    /// The addresses of the interface have changed.
    void change_interface(const interface_addresses& now) {
        beside = now;
        for (const auto id : ids())
            handle(peer_->link_changed(id, beside));
    }
    /// Writes what is due, as far as it is taken.
    void flush() {
        for (auto& [id, link] : links_)
            flush(id, link);
    }
    /// Until nothing is left to be done at this moment.
    void settle() {
        while (turn()) {
        }
    }
    /// Timer by timer.
    void pass(std::chrono::milliseconds time) {
        const auto end = at.now + time;
        settle();
        for (int at_once = 0; peer_->next_timer().value_or(time_point::max()) <= end; ++at_once) {
            if (*peer_->next_timer() > at.now)
                at_once = 0;
            insist(at_once < 5); // some things are due at once, but not for ever
            at.now = std::max(at.now, *peer_->next_timer());
            handle(peer_->expired(at));
            settle();
        }
        at.now = end;
    }
    /// Another process goes on with the peer: all that it has of this one is the snapshot.
    void hand_over() {
        const auto snapshot = carry ? carry(peer_->snapshot()) : peer_->snapshot();
        insist(!find_fault(snapshot));
        insist(snapshot == peer_->snapshot());
        auto same = std::make_shared<audience>();
        for (const auto& [prefix, attributes] : heard_->wanted())
            same->want(prefix, std::make_shared<const wire::path_attributes>(*attributes));
        auto next = std::make_unique<peer>(peer_->settings(), snapshot, same);
        insist(next->snapshot() == snapshot);
        insist(next->next_hops() == peer_->next_hops() && next->problems() == peer_->problems());
        std::erase_if(links_, [](const auto& each) { return !each.second.router; });
        peer_ = std::move(next);
        heard_ = std::move(same);
        flush();
    }

    /// The router's end of every connection so far.
    const std::vector<std::shared_ptr<router_end>>& routers() const { return routers_; }
    /// Of the Established connection; null: there is none.
    router_end* router() const {
        const auto* const current = peer_->current();
        return current != nullptr ? links_.at(current->id()).router.get() : nullptr;
    }
    /// Connections that are open, or being opened.
    std::size_t alive() const { return links_.size(); }

    moment at{time_point(std::chrono::hours(1)), {}};
    std::function<void(const any_peer_action&)> told;
    std::function<peer_snapshot(const peer_snapshot&)> carry; // to the other process
    interface_addresses beside = eth0;
    std::vector<io_step> steps; // made so far
    std::optional<io_fault> fault;
    bool connects = true;             // false: nobody answers
    bool refuses = false;             // connection refused
    bool router_answers = true;       // to OPEN and KEEPALIVE
    bool blocked = false;             // no write takes anything
    std::optional<std::size_t> takes; // so much the next write takes, at most
    std::size_t most = std::numeric_limits<std::size_t>::max(); // that any write takes
    std::optional<std::size_t> hand_over_after;                 // so many steps

private:
    struct connection_ends {
        std::shared_ptr<router_end> router; // null: it is being dialled
        bool attempted = false;             // to dial it
        bool waits = false;                 // for room to write
        bool failed = false;
        std::optional<std::error_code> failure; // that is still to be told
    };

    struct performer {
        scripted_peer& self;

        void operator()(peer_action::dial dial) const { self.links_[dial.connection] = {}; }
        void operator()(const peer_action::close& close) const {
            const auto closed = self.links_.extract(close.connection);
            insist(!closed.empty());
            if (const auto& link = closed.mapped(); link.router && !link.failed) {
                link.router->receive(close.rest);
                link.router->close();
            }
        }
        void operator()(peer_action::be_patient) const {}
        void operator()(const peer_action::state_changed&) const {}
        void operator()(const peer_action::session_up& up) const {
            if (auto* const router = self.router())
                router->session_up(up.session);
        }
        void operator()(const peer_action::session_ended&) const {}
        void operator()(const peer_action::malformed&) const {}
        void operator()(const peer_action::problem&) const {}
    };

    std::shared_ptr<router_end> make_router() {
        routers_.push_back(std::make_shared<router_end>(router_open_));
        routers_.back()->answers = router_answers;
        return routers_.back();
    }

    std::vector<connection_id> ids() const {
        std::vector<connection_id> all;
        for (const auto& [id, link] : links_)
            all.push_back(id);
        return all;
    }

    /// How this step fails, if it is the one to fail.
    std::optional<io_fault> step(io_step which) {
        steps.push_back(which);
        return fault && steps.size() == fault->at + 1 ? fault : std::nullopt;
    }

    /// Serves each connection once. Returns whether anything happened.
    bool turn() {
        bool happened = false;
        if (hand_over_after && steps.size() >= *hand_over_after) {
            hand_over_after.reset();
            hand_over();
        }
        for (const auto id : ids()) {
            const auto found = links_.find(id);
            if (found == links_.end())
                continue;
            auto& link = found->second;
            if (link.failure)
                tell_failure(id, link, *std::exchange(link.failure, std::nullopt));
            else if (link.waits && !blocked)
                write_again(id, link);
            else if (link.router ? !link.router->readable() : link.attempted || !answers_dial())
                continue;
            else if (link.router)
                read(id, link);
            else
                dial(id, link);
            happened = true;
        }
        return happened;
    }

    bool answers_dial() const { return connects || refuses; }

    void tell_failure(connection_id id, connection_ends& one, std::error_code error) {
        one.failed = true;
        if (one.router)
            one.router->close();
        handle(peer_->failed(id, error, at));
    }
    void write_again(connection_id id, connection_ends& one) {
        one.waits = false;
        flush(id, one);
    }

    void dial(connection_id id, connection_ends& one) {
        one.attempted = true;
        const auto failed = step(io_step::dial);
        if (failed && failed->error)
            return tell_failure(id, one, failed->error);
        if (refuses)
            return tell_failure(id, one, std::make_error_code(std::errc::connection_refused));
        one.router = make_router();
        handle(peer_->connected(id, our_address, beside, at));
    }

    void read(connection_id id, connection_ends& one) {
        const auto failed = step(io_step::read);
        if (failed && failed->error)
            return tell_failure(id, one, failed->error);
        const auto octets = one.router->next();
        if (octets.empty())
            return tell_failure(id, one, {}); // the router has closed
        const auto into = peer_->input(id);
        insist(!into.empty());
        auto count = std::min(octets.size(), into.size());
        if (failed)
            count = std::clamp<std::size_t>(failed->takes, 1, count);
        std::ranges::copy(octets.first(count), into.begin());
        one.router->taken(count);
        handle(peer_->received(id, count, at));
    }

    void flush(connection_id id, connection_ends& one) {
        while (one.router && !one.failed && !one.waits) {
            const auto octets = peer_->output(id);
            if (octets.empty())
                return;
            const auto failed = step(io_step::write);
            if (failed && failed->error) {
                one.failed = true;
                one.failure = failed->error; // told in a turn of its own
                return;
            }
            auto room = blocked ? 0 : most;
            if (const auto limit = std::exchange(takes, std::nullopt))
                room = std::min(room, *limit);
            if (failed)
                room = std::min(room, failed->takes);
            const auto count = deliver(octets, room, *one.router);
            one.waits = count == room;
            if (count > 0)
                insist(peer_->wrote(id, count, at).empty());
        }
    }

    static std::size_t deliver(std::span<const wire::octets> from, std::size_t room,
                               router_end& to) {
        std::size_t count = 0;
        for (const auto octets : from) {
            const auto part = octets.first(std::min(octets.size(), room - count));
            to.receive(part);
            count += part.size();
        }
        return count;
    }

    wire::open_message router_open_;
    std::shared_ptr<audience> heard_;
    std::unique_ptr<peer> peer_;
    std::map<connection_id, connection_ends> links_;
    std::vector<std::shared_ptr<router_end>> routers_;
};

} // namespace herald::bgp::test
