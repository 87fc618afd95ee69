#include "herald/peering/bfd_sessions.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace herald::peering {

namespace {

/// Whether a session between these goes on when its other settings change.
bool same_path(const bfd_peer& one, const bfd_peer& other) {
    return one.address == other.address && one.local_address == other.local_address &&
           one.path == other.path;
}

std::string describe_receiving(std::uint16_t port, const error_code& error) {
    return fmt::format("BFD packets cannot be received on UDP port {}: {}", port, error.message());
}

std::string describe_sending(const error_code& error) {
    return fmt::format("BFD packets cannot be sent: {}", error.message());
}

std::size_t receiver_index(bfd_path path, bool v6) {
    return (path == bfd_path::multihop ? 2U : 0U) + (v6 ? 1U : 0U);
}

} // namespace

bfd_sessions::bfd_sessions(environment environment, bfd_observer& observer, bfd_snapshot inherited)
    : environment_(std::move(environment))
    , observer_(observer)
    , inherited_(std::move(inherited))
    , retry_(environment_.time->make_alarm())
    , alarm_(environment_.time->make_alarm()) {}

bfd_sessions::~bfd_sessions() {
    for (const auto& receiver : receivers_)
        if (receiver.socket)
            receiver.socket->close();
    close_inherited();
}

void bfd_sessions::close_inherited() {
    for (const auto& [name, left] : inherited_.sessions)
        if (left.socket >= 0)
            ::close(left.socket);
    for (const auto& left : inherited_.receivers)
        ::close(left.socket);
    inherited_ = {};
}

bfd::moment bfd_sessions::at() const {
    return {environment_.time->now(), std::chrono::system_clock::now()};
}

void bfd_sessions::want(const std::vector<bfd_peer>& peers, others rest) {
    std::map<std::string_view, const bfd_peer*> wanted;
    for (const auto& peer : peers)
        wanted.emplace(peer.name, &peer);
    std::vector<bfd::discriminator> gone;
    for (const auto& [name, which] : by_name_)
        if (const auto peer = wanted.find(name);
            peer == wanted.end() || !same_path(*peer->second, sessions_.at(which)->peer))
            gone.push_back(which);
    if (rest == others::end)
        for (const auto which : gone)
            end(which);
    for (const auto& peer : peers)
        if (const auto known = by_name_.find(peer.name); known == by_name_.end()) {
            begin(peer);
        } else if (same_path(peer, sessions_.at(known->second)->peer)) {
            auto& one = *sessions_.at(known->second);
            one.peer = peer;
            handle(known->second, one.machine.change(peer.session, at()));
        }
    update_receivers();
    close_inherited();
}

/// Its first packet is sent in a turn of its own, when answers can be received.
void bfd_sessions::begin(const bfd_peer& peer) {
    const auto left = inherited_.sessions.extract(peer.name);
    if (left && go_on(peer, left.mapped()))
        return;
    add(std::make_unique<entry>(
        peer, sender_to(peer, free_port()),
        bfd::session(peer.session, make_discriminator(), environment_.chance(), at()), std::nullopt,
        error_code()));
}

/// Where another program's session was. Without its socket it could not be the same one: the other
/// side knows it by its port, too.
bool bfd_sessions::go_on(const bfd_peer& peer, const bfd_session_snapshot& from) {
    auto sender = sender_to(peer, free_port());
    const bool same = from.path == peer.path && !sessions_.contains(from.machine.local);
    if (from.socket >= 0 && !same)
        ::close(from.socket);
    if (!same || (from.socket >= 0 && sender.inherit(from.socket)))
        return false;
    add(std::make_unique<entry>(peer, std::move(sender), bfd::session(peer.session, from.machine),
                                std::nullopt, error_code()));
    return true;
}

void bfd_sessions::add(std::unique_ptr<entry> made) {
    const auto which = made->machine.snapshot().local;
    set_due(which, *made);
    by_name_.emplace(made->peer.name, which);
    sessions_.emplace(which, std::move(made));
}

bfd_sender bfd_sessions::sender_to(const bfd_peer& peer, std::uint16_t port) const {
    return {environment_.executor,
            {peer.address, environment_.bfd_there.of(peer.path)},
            peer.local_address,
            port};
}

bfd_snapshot bfd_sessions::snapshot() const {
    bfd_snapshot made;
    for (const auto& [name, which] : by_name_) {
        auto& one = *sessions_.at(which);
        made.sessions.emplace(name, bfd_session_snapshot{one.machine.snapshot(), one.peer.path,
                                                         one.sender.descriptor()});
    }
    for (const auto path : {bfd_path::single_hop, bfd_path::multihop})
        for (const bool v6 : {false, true})
            if (const auto& socket = receivers_[receiver_index(path, v6)].socket)
                made.receivers.push_back({path, v6, socket->descriptor()});
    return made;
}

void bfd_sessions::end(bfd::discriminator which) {
    auto& one = *sessions_.at(which);
    by_name_.erase(one.peer.name);
    handle(which, one.machine.shut_down(at()));
}

/// By chance, as whoever guesses it can speak for a neighbor that is far away.
bfd::discriminator bfd_sessions::make_discriminator() const {
    while (true)
        if (const auto made = environment_.chance(); made != 0 && !sessions_.contains(made))
            return made;
}

/// RFC 5881 §4: unique among all sessions. Of those that other programs have the kernel knows.
std::uint16_t bfd_sessions::free_port() const {
    constexpr std::uint32_t count = bfd_sender::last_port - bfd_sender::first_port + 1;
    auto port = environment_.chance() % count;
    const auto taken = [&] {
        return std::ranges::any_of(sessions_, [&](const auto& each) {
            return each.second->sender.port() == bfd_sender::first_port + port;
        });
    };
    for (std::uint32_t attempts = 0; attempts < count && taken(); ++attempts)
        port = (port + 1) % count;
    return static_cast<std::uint16_t>(bfd_sender::first_port + port);
}

const bfd::session* bfd_sessions::find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &sessions_.at(found->second)->machine;
}

std::optional<bfd_path> bfd_sessions::path_of(const std::string& name) const {
    if (const auto found = by_name_.find(name); found != by_name_.end())
        return sessions_.at(found->second)->peer.path;
    if (const auto left = inherited_.sessions.find(name); left != inherited_.sessions.end())
        return left->second.path;
    return std::nullopt;
}

std::vector<std::string> bfd_sessions::problems(const std::string& name) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end())
        return {};
    const auto& one = *sessions_.at(found->second);
    std::vector<std::string> lines;
    if (const auto& receiver = receivers_[receiver_index(one.peer.path, one.peer.address.is_v6())];
        receiver.failed)
        lines.push_back(
            describe_receiving(environment_.bfd_here.of(one.peer.path), receiver.failed));
    if (one.failed)
        lines.push_back(describe_sending(one.failed));
    return lines;
}

std::uint16_t bfd_sessions::port_of(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? 0 : sessions_.at(found->second)->sender.port();
}

/// RFC 5880 §6.3; 0: of no session.
bfd::discriminator bfd_sessions::addressee(const bfd_arrival& arrival,
                                           const bfd::control_packet& packet) const {
    if (packet.yours != 0)
        return sessions_.contains(packet.yours) ? packet.yours : 0;
    return session_with(arrival);
}

/// One that is leaving says good-bye to whoever knows it. 0: of nobody that is known.
bfd::discriminator bfd_sessions::session_with(const bfd_arrival& arrival) const {
    for (const auto& [name, which] : by_name_)
        if (const auto& peer = sessions_.at(which)->peer;
            peer.address == arrival.from && peer.path == arrival.path)
            return which;
    return 0;
}

void bfd_sessions::received(const bfd_arrival& arrival) {
    const auto decoded = bfd::decode(arrival.octets);
    if (!decoded) {
        const auto by = session_with(arrival);
        return by == 0 ? strays_.count(decoded.error())
                       : sessions_.at(by)->machine.dropped(decoded.error());
    }
    const auto which = addressee(arrival, decoded->packet);
    if (which == 0)
        return strays_.count(bfd::discard::unknown_session);
    auto& one = *sessions_.at(which);
    // What may come from afar on one port is not to speak for a neighbor on the link.
    if (arrival.path != one.peer.path || arrival.ttl < one.peer.least_ttl)
        return one.machine.dropped(bfd::discard::hop_limit);
    handle(which, one.machine.received(*decoded, at()));
}

/// Packets first. Whoever is told then may want other sessions.
void bfd_sessions::handle(bfd::discriminator which, const bfd::session_actions& actions) {
    auto& one = *sessions_.at(which);
    const auto name = one.peer.name;
    for (const auto& each : actions)
        if (const auto* const sent = std::get_if<bfd::action::send>(&each))
            send(one, *sent);
    const auto known = by_name_.find(name);
    const bool wanted = known != by_name_.end() && known->second == which;
    if (!wanted && one.machine.finished()) {
        forget(which);
        return update_receivers();
    }
    set_due(which, one);
    if (!wanted)
        return;
    for (const auto& each : actions)
        if (const auto* const change = std::get_if<bfd::action::state_changed>(&each))
            observer_.bfd_changed(name, *change);
}

void bfd_sessions::send(entry& from, const bfd::action::send& what) {
    const auto error = from.sender.send(what.packet);
    if (error != std::exchange(from.failed, error) && error)
        observer_.bfd_problem(from.peer.name, describe_sending(error));
}

/// One that is due earlier than it needs to be finds nothing to do then, and is set anew: packets
/// that arrive cost nothing.
void bfd_sessions::set_due(bfd::discriminator which, entry& of) {
    const auto next = of.machine.next_timer();
    if (!next || (of.due && *of.due <= *next))
        return;
    if (of.due)
        due_.erase({*of.due, which});
    of.due = next;
    due_.emplace(*next, which);
    set_alarm();
}

void bfd_sessions::forget(bfd::discriminator which) {
    if (const auto due = sessions_.at(which)->due)
        due_.erase({*due, which});
    sessions_.erase(which);
}

void bfd_sessions::set_alarm() {
    if (due_.empty() || (alarm_at_ && *alarm_at_ <= due_.begin()->first))
        return;
    alarm_at_ = due_.begin()->first;
    alarm_->set(*alarm_at_, [this, alive = std::weak_ptr(alive_)] {
        if (alive.expired())
            return;
        alarm_at_.reset();
        attend();
    });
}

/// What has arrived counts first: the program may have been slow, and not the neighbor.
void bfd_sessions::attend() {
    const auto now = environment_.time->now();
    if (!due_.empty() && due_.begin()->first <= now) {
        for (auto& receiver : receivers_)
            if (const auto socket = receiver.socket) // what is read may close it
                socket->read();
        std::vector<bfd::discriminator> waiting;
        for (auto at = due_.begin(); at != due_.end() && at->first <= now; ++at)
            waiting.push_back(at->second);
        for (const auto which : waiting)
            ring(which);
    }
    set_alarm();
}

void bfd_sessions::ring(bfd::discriminator which) {
    const auto found = sessions_.find(which);
    if (found == sessions_.end() || !found->second->due)
        return;
    due_.erase({*std::exchange(found->second->due, std::nullopt), which});
    handle(which, found->second->machine.expired(at()));
}

void bfd_sessions::send_early() {
    std::vector<bfd::discriminator> all;
    all.reserve(by_name_.size());
    for (const auto& [name, which] : by_name_)
        all.push_back(which);
    for (const auto which : all)
        if (const auto found = sessions_.find(which); found != sessions_.end())
            handle(which, found->second->machine.send_early(at()));
}

void bfd_sessions::update_receivers() {
    for (const auto path : {bfd_path::single_hop, bfd_path::multihop})
        for (const bool v6 : {false, true})
            update_receiver(path, v6);
}

void bfd_sessions::update_receiver(bfd_path path, bool v6) {
    auto& receiver = receivers_[receiver_index(path, v6)];
    const bool wanted = std::ranges::any_of(sessions_, [&](const auto& each) {
        return each.second->peer.path == path && each.second->peer.address.is_v6() == v6;
    });
    if (!wanted && receiver.socket)
        receiver.socket->close();
    if (!wanted)
        receiver = {};
    else if (!receiver.socket)
        open_receiver(receiver, path, v6);
}

void bfd_sessions::open_receiver(receiving& of, bfd_path path, bool v6) {
    auto made = std::make_shared<bfd_receiver>(
        environment_.executor, path, v6,
        [this, alive = std::weak_ptr(alive_)](const bfd_arrival& arrival) {
            if (!alive.expired())
                received(arrival);
        });
    const auto error = open_socket(*made, path, v6);
    if (error)
        retry_->set(environment_.time->now() + retry_time, [this, alive = std::weak_ptr(alive_)] {
            if (!alive.expired())
                update_receivers();
        });
    else
        of.socket = std::move(made);
    if (error != std::exchange(of.failed, error) && error)
        tell_of(of, path, v6);
}

/// With the socket that was left for it, if there is one.
error_code bfd_sessions::open_socket(bfd_receiver& which, bfd_path path, bool v6) {
    const auto port = environment_.bfd_here.of(path);
    const auto left = std::ranges::find_if(
        inherited_.receivers, [&](const auto& each) { return each.path == path && each.v6 == v6; });
    if (left == inherited_.receivers.end())
        return which.open(port);
    const auto socket = left->socket;
    inherited_.receivers.erase(left);
    return which.inherit(socket, port);
}

void bfd_sessions::tell_of(const receiving& failed, bfd_path path, bool v6) {
    for (const auto& [name, which] : by_name_)
        if (const auto& peer = sessions_.at(which)->peer;
            peer.path == path && peer.address.is_v6() == v6)
            observer_.bfd_problem(
                name, describe_receiving(environment_.bfd_here.of(path), failed.failed));
}

} // namespace herald::peering
