#include "herald/peering/neighbor.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <fmt/format.h>
#include <utility>

namespace herald::peering {

namespace peer_action = bgp::peer_action;

namespace {

bgp::peer_settings peer_settings_of(const neighbor_settings& settings) {
    return {settings.session, settings.passive, {settings.next_hop, settings.next_hop_ipv6}};
}

} // namespace

/// What comes of an event for sockets, first …
struct neighbor::performer {
    neighbor& self;

    void operator()(const peer_action::dial& dial) const {
        auto& slot = self.connections_[dial.connection];
        if (slot)
            slot->close({}); // the attempt before
        slot = std::make_shared<connection>(self.environment_,
                                            self.environment_.make_dialler(self.settings_), self,
                                            dial.connection);
        slot->dial();
    }
    void operator()(const peer_action::close& close) const {
        if (auto found = self.connections_.extract(close.connection))
            found.mapped()->close(close.rest);
    }
    void operator()(const peer_action::be_patient& patience) const {
        if (const auto found = self.connections_.find(patience.connection);
            found != self.connections_.end())
            found->second->set_user_timeout(patience.timeout);
    }
    void operator()(const peer_action::state_changed&) const {}
    void operator()(const peer_action::session_up&) const {}
    void operator()(const peer_action::session_ended&) const {}
    void operator()(const peer_action::malformed&) const {}
    void operator()(const peer_action::problem&) const {}
};

/// … and then for the observer.
struct neighbor::teller {
    neighbor& self;

    void operator()(const peer_action::state_changed& change) const {
        self.observer_.state_changed(self, change.before, change.now);
    }
    void operator()(const peer_action::session_up& up) const {
        self.observer_.session_up(self, up.session);
    }
    void operator()(const peer_action::session_ended& ended) const {
        self.observer_.session_ended(self, ended.end);
    }
    void operator()(const peer_action::malformed& malformed) const {
        self.observer_.malformed_update(self, malformed.update);
    }
    void operator()(const peer_action::problem& problem) const {
        self.observer_.problem(self, problem.text);
    }
    void operator()(const peer_action::dial&) const {}
    void operator()(const peer_action::close&) const {}
    void operator()(const peer_action::be_patient&) const {}
};

neighbor::neighbor(environment environment, neighbor_settings settings, neighbor_observer& observer)
    : environment_(std::move(environment))
    , settings_(std::move(settings))
    , observer_(observer)
    , peer_(peer_settings_of(settings_), settings_.shutdown, environment_.chance(), at())
    , alarm_(environment_.time->make_alarm()) {}

neighbor::neighbor(environment environment, neighbor_settings settings, neighbor_observer& observer,
                   const bgp::peer_snapshot& from, transports over)
    : environment_(std::move(environment))
    , settings_(std::move(settings))
    , observer_(observer)
    , peer_(peer_settings_of(settings_), from, std::make_shared<bgp::audience>())
    , alarm_(environment_.time->make_alarm())
    , writes_(false) {
    for (auto& [id, transport] : over) {
        const auto one =
            std::make_shared<connection>(environment_, std::move(transport), *this, id);
        one->set_connected();
        connections_[id] = one;
        unread_.push_back(one);
    }
}

/// Without a word to the observer, who may be gone.
neighbor::~neighbor() {
    for (const auto& action : peer_.stop(std::nullopt, at()))
        std::visit(performer{*this}, action);
}

void neighbor::start() {
    for (const auto& one : std::exchange(unread_, {}))
        one->read();
    if (is_found(settings_))
        handle(peer_.start(at()));
}

void neighbor::stop(const std::optional<wire::notification>& notification) {
    handle(peer_.stop(notification, at()));
}

void neighbor::stop_for_restart(const wire::notification& notification) {
    stop(keeps_routes() ? std::nullopt : std::optional(notification));
}

void neighbor::shut_down(std::string_view reason) {
    handle(peer_.shut_down(reason, at()));
}

void neighbor::enable() {
    handle(peer_.enable(at()));
}

void neighbor::refresh() {
    peer_.refresh();
    flush();
}

void neighbor::reset(const wire::notification& notification) {
    stop(notification);
    start();
}

void neighbor::bfd_changed(bool up, bool by_operator) {
    handle(peer_.bfd_changed(up, by_operator, at()));
}

void neighbor::update(neighbor_settings settings) {
    settings_ = std::move(settings);
    handle(peer_.change(peer_settings_of(settings_)));
}

void neighbor::move_to(const boost::asio::ip::address& address) {
    if (address == settings_.address)
        return;
    settings_.address = address;
    stop(wire::make_cease(wire::cease_code::configuration_change));
    start();
}

void neighbor::routes_complete() {
    if (peer_.routes_complete())
        flush();
}

void neighbor::accept(boost::asio::ip::tcp::socket socket) {
    auto made = make_accepted(std::move(socket), settings_);
    if (made)
        return accept(*std::move(made));
    observer_.problem(*this, fmt::format("its connection could not be prepared, and was closed: {}",
                                         made.error().message()));
}

void neighbor::accept(std::unique_ptr<transport> over) {
    if (!peer_.takes_connections())
        return; // dropped, as by a router whose neighbor is shut down
    const auto id = peer_.next_connection();
    const auto local = over->local_address();
    const auto one = std::make_shared<connection>(environment_, std::move(over), *this, id);
    connections_[id] = one;
    one->set_connected();
    handle(peer_.accepted(local, environment_.links->beside(local), at()));
    one->read();
}

void neighbor::links_changed() {
    const auto open = connections_; // what comes of it may end some
    for (const auto& [id, one] : open)
        handle(peer_.link_changed(id, environment_.links->beside(one->local_address())));
}

void neighbor::set_accept_problems(std::vector<std::string> why) {
    const auto known = std::exchange(accept_problems_, std::move(why));
    for (const auto& each : accept_problems_)
        if (std::ranges::find(known, each) == known.end())
            observer_.problem(*this, each);
}

std::string neighbor::why_down() const {
    if (is_found(settings_) || administratively_down())
        return peer_.why_down();
    return fmt::format("no router has advertised itself on {}", settings_.interface);
}

std::vector<std::string> neighbor::problems() const {
    auto all = peer_.problems();
    all.insert(all.end(), accept_problems_.begin(), accept_problems_.end());
    return all;
}

void neighbor::hear(std::shared_ptr<bgp::audience> heard) {
    peer_.hear(std::move(heard));
    writes_ = true;
}

neighbor_snapshot neighbor::snapshot() const {
    neighbor_snapshot made{peer_.snapshot(), {}};
    if (!settings_.interface.empty() && is_found(settings_))
        made.router = settings_.address.to_v6();
    for (const auto& one : made.peer.connections)
        made.sockets.emplace(one.id, connections_.at(one.id)->descriptor());
    return made;
}

void neighbor::flush() {
    handle({});
}

void neighbor::connected(bgp::connection_id id) {
    const auto local = connections_.at(id)->local_address();
    handle(peer_.connected(id, local, environment_.links->beside(local), at()));
}

void neighbor::failed(bgp::connection_id id, error_code error) {
    const bool closed = error == boost::asio::error::eof;
    handle(peer_.failed(id, closed ? std::error_code() : std::error_code(error), at()));
}

void neighbor::received(bgp::connection_id id, std::size_t count) {
    handle(peer_.received(id, count, at()));
}

void neighbor::wrote(bgp::connection_id id, std::size_t count) {
    peer_.wrote(id, count, at());
}

bgp::moment neighbor::at() const {
    return {environment_.time->now(), std::chrono::system_clock::now()};
}

/// What the neighbor is to hear goes to TCP before anybody is told of anything.
void neighbor::handle(const bgp::peer_actions& actions) {
    for (const auto& action : actions)
        std::visit(performer{*this}, action);
    if (writes_)
        for (const auto& [id, one] : connections_)
            one->flush();
    set_alarm();
    for (const auto& action : actions)
        std::visit(teller{*this}, action);
}

/// One that is set for an earlier time rings, finds nothing to do, and is set anew: a timer that
/// each message restarts costs nothing.
void neighbor::set_alarm() {
    const auto next = peer_.next_timer();
    if (!next) {
        if (std::exchange(alarm_at_, std::nullopt))
            alarm_->cancel();
        return;
    }
    if (alarm_at_ && *alarm_at_ <= *next)
        return;
    alarm_at_ = next;
    alarm_->set(*next, [this] {
        alarm_at_.reset();
        handle(peer_.expired(at()));
    });
}

bool neighbor::acknowledged() const {
    const auto* const one = peer_.current();
    return one == nullptr || (peer_.all_written() && connections_.at(one->id())->acknowledged());
}

} // namespace herald::peering
