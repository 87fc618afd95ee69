#include "herald/peering/speaker.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <map>
#include <set>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace herald::peering {

namespace {

/// TCP does not tell when octets are acknowledged: it is asked, at first this often, then less.
constexpr std::chrono::milliseconds first_poll{1};
constexpr std::chrono::milliseconds slowest_poll{50};
/// How long neighbors are flushed in one turn of the loop.
constexpr std::chrono::milliseconds flush_slice{1};

std::string describe_key_error(const std::error_code& error,
                               const boost::asio::ip::tcp::endpoint& where) {
    return fmt::format("sessions that it opens cannot be accepted on {} port {}: the TCP MD5 key "
                       "could not be set: {}{}",
                       where.address().to_string(), where.port(), error.message(),
                       error == std::errc::not_enough_memory
                           ? " (net.core.optmem_max bounds the keys of a socket)"
                           : "");
}

void close_all(const neighbor_snapshot& left) {
    for (const auto& [id, socket] : left.sockets)
        ::close(socket);
}

} // namespace

speaker::speaker(environment environment, const listen_settings& listen,
                 std::vector<neighbor_settings> neighbors, neighbor_observer& observer,
                 speaker_snapshot inherited)
    : environment_(std::move(environment))
    , listen_(listen)
    , inherited_(std::move(inherited.listeners))
    , observer_(observer)
    , poll_alarm_(environment_.time->make_alarm())
    , routers_(environment_, *this)
    , bfd_(environment_, *this, std::move(inherited.bfd))
    , bfd_alarm_(environment_.time->make_alarm()) {
    for (auto& settings : neighbors) {
        const auto left = inherited.neighbors.extract(settings.name);
        if (left && left.mapped().router)
            settings.address = *left.mapped().router;
        neighbors_.push_back(make_neighbor(std::move(settings), left ? &left.mapped() : nullptr));
    }
    for (const auto& [name, left] : inherited.neighbors)
        close_all(left);
    environment_.links->on_change([this, alive = std::weak_ptr(alive_)] {
        if (alive.expired())
            return;
        for (const auto& neighbor : neighbors_)
            neighbor->links_changed();
        routers_.links_changed();
        update_bfd();
    });
}

speaker::~speaker() {
    stop_listening();
    for (const auto& left : inherited_)
        ::close(left.socket);
}

/// One whose connections cannot be had begins anew.
std::unique_ptr<neighbor> speaker::make_neighbor(neighbor_settings settings,
                                                 const neighbor_snapshot* inherited) {
    if (inherited != nullptr) {
        neighbor::transports over;
        for (const auto& [id, socket] : inherited->sockets)
            if (auto made = make_inherited(environment_.executor, socket, settings))
                over.emplace(id, *std::move(made));
            else
                ::close(socket);
        if (over.size() == inherited->peer.connections.size())
            return std::make_unique<neighbor>(environment_, std::move(settings), observer_,
                                              inherited->peer, std::move(over));
    }
    return std::make_unique<neighbor>(environment_, std::move(settings), observer_);
}

std::expected<void, std::string> speaker::start() {
    auto opened = listen_on(listen_, all_settings());
    if (!opened)
        return std::unexpected(opened.error());
    listeners_ = *std::move(opened);
    for (const auto& left : std::exchange(inherited_, {}))
        ::close(left.socket);
    routers_.want(links());
    for (const auto& neighbor : neighbors_)
        if (const auto& at = neighbor->settings(); !at.interface.empty() && is_found(at))
            routers_.assume(at.interface,
                            at.address.to_v6()); // as the program before this one knew
    start_all();
    return {};
}

/// With the socket that was left for it, if there is one.
std::expected<void, std::string> speaker::open(listener& one,
                                               const boost::asio::ip::tcp::endpoint& endpoint,
                                               const std::vector<neighbor_settings>& neighbors) {
    const auto left = std::ranges::find(inherited_, endpoint, &listener_snapshot::endpoint);
    if (left == inherited_.end())
        return one.listen(endpoint.address(), endpoint.port(), neighbors);
    const auto socket = left->socket;
    inherited_.erase(left);
    return one.inherit(endpoint, socket, neighbors);
}

/// The listeners for these settings: those that are there already, and new ones.
std::expected<speaker::listeners, std::string>
speaker::listen_on(const listen_settings& listen, const std::vector<neighbor_settings>& neighbors) {
    listeners all;
    listeners opened;
    for (const auto& address : listen.addresses) {
        const boost::asio::ip::tcp::endpoint endpoint(address, listen.port);
        const auto existing = std::ranges::find(listeners_, endpoint, &listener::endpoint);
        if (existing != listeners_.end()) {
            all.push_back(*existing);
            continue;
        }
        auto one = std::make_shared<listener>(
            environment_.executor, [this, alive = std::weak_ptr(alive_)](
                                       const listener& at, boost::asio::ip::tcp::socket socket) {
                if (!alive.expired())
                    accepted(at, std::move(socket));
            });
        if (auto listening = open(*one, endpoint, neighbors); !listening) {
            for (const auto& other : opened)
                other->stop();
            return std::unexpected(listening.error());
        }
        opened.push_back(one);
        all.push_back(std::move(one));
    }
    return all;
}

/// What becomes of the neighbors that there were.
struct speaker::replacement {
    struct ending {
        std::unique_ptr<neighbor> old;
        std::uint8_t cease;
    };
    std::vector<ending> ended;
    std::vector<std::pair<neighbor*, neighbor_settings>> going_on; // with these settings
};

std::expected<void, std::string> speaker::change(const listen_settings& listen,
                                                 std::vector<neighbor_settings> next) {
    locate(next);
    auto listening = listen_on(listen, next);
    if (!listening)
        return std::unexpected(listening.error());
    for (const auto& one : listeners_)
        if (std::ranges::find(*listening, one) == listening->end())
            one->stop();
    listen_ = listen;
    listeners_ = *std::move(listening);
    for (const auto& one : listeners_)
        one->change_keys(next);

    // From here on the observer is told of what happens, and sees all neighbors.
    auto replaced = replace(std::move(next));
    for (const auto& [old, why] : replaced.ended)
        old->stop(wire::make_cease(why));
    for (auto& [same, settings] : replaced.going_on)
        change(*same, std::move(settings));
    start_all();
    return {};
}

/// Puts the neighbors of these settings in the place of those that there were; no neighbor does
/// anything yet. One whose session begins anew is another: nothing of the old session is left in
/// it.
speaker::replacement speaker::replace(std::vector<neighbor_settings> next) {
    std::map<std::string, std::unique_ptr<neighbor>> before;
    for (auto& one : std::exchange(neighbors_, {}))
        before.emplace(one->settings().name, std::move(one));
    replacement replaced;
    for (auto& settings : next) {
        auto known = before.extract(settings.name);
        if (known && session_goes_on(known.mapped()->settings(), settings)) {
            replaced.going_on.emplace_back(known.mapped().get(), std::move(settings));
            neighbors_.push_back(std::move(known.mapped()));
            continue;
        }
        if (known)
            replaced.ended.push_back(
                {std::move(known.mapped()), wire::cease_code::configuration_change});
        neighbors_.push_back(
            std::make_unique<neighbor>(environment_, std::move(settings), observer_));
    }
    for (auto& [name, gone] : before)
        replaced.ended.push_back({std::move(gone), wire::cease_code::deconfigured});
    return replaced;
}

void speaker::change(neighbor& which, neighbor_settings settings) {
    const bool was_down = which.settings().shutdown;
    const bool to_be_down = settings.shutdown;
    which.update(std::move(settings));
    if (to_be_down && !was_down)
        which.shut_down("");
    if (was_down && !to_be_down)
        which.enable();
}

/// Without effect on those that run. All know then where they cannot be accepted.
void speaker::start_all() {
    routers_.want(links());
    for (const auto& neighbor : neighbors_) {
        neighbor->start();
        std::vector<std::string> problems;
        for (const auto& one : listeners_)
            if (const auto error = one->key_error(neighbor->settings()))
                problems.push_back(describe_key_error(error, one->endpoint()));
        neighbor->set_accept_problems(std::move(problems));
    }
    update_bfd();
}

/// On which there are neighbors without an address.
std::set<std::string> speaker::links() const {
    std::set<std::string> all;
    for (const auto& neighbor : neighbors_)
        if (const auto& link = neighbor->settings().interface; !link.empty())
            all.insert(link);
    return all;
}

std::vector<neighbor_settings> speaker::all_settings() const {
    std::vector<neighbor_settings> all;
    all.reserve(neighbors_.size());
    for (const auto& neighbor : neighbors_)
        all.push_back(neighbor->settings());
    return all;
}

/// The addresses of those that have none in the configuration.
void speaker::locate(std::vector<neighbor_settings>& neighbors) const {
    for (auto& settings : neighbors)
        if (!settings.interface.empty())
            settings.address =
                routers_.router_on(settings.interface).value_or(boost::asio::ip::address_v6::any());
}

void speaker::router_changed(const std::string& interface) {
    for (const auto& neighbor : neighbors_)
        if (neighbor->settings().interface == interface)
            neighbor->move_to(
                routers_.router_on(interface).value_or(boost::asio::ip::address_v6::any()));
    const auto settings = all_settings();
    for (const auto& one : listeners_)
        one->change_keys(settings);
    start_all();
}

void speaker::router_problem(const std::string& interface, const std::string& text) {
    for (const auto& neighbor : neighbors_)
        if (neighbor->settings().interface == interface)
            observer_.problem(*neighbor, text);
}

std::vector<std::string> speaker::problems_of(const neighbor& which) const {
    const auto& settings = which.settings();
    auto all = which.problems();
    for (auto more : {routers_.problems(settings.interface), bfd_.problems(settings.name)})
        std::ranges::move(more, std::back_inserter(all));
    return all;
}

neighbor* speaker::find(const std::string& name) const {
    auto found = std::ranges::find_if(
        neighbors_, [&](const auto& one) { return one->settings().name == name; });
    return found == neighbors_.end() ? nullptr : found->get();
}

void speaker::flush(std::function<void()> done) {
    after_flush_.push_back(std::move(done));
    left_to_flush_ = neighbors_.size();
    if (!flush_goes_on_)
        flush_some();
}

void speaker::flush_some() {
    const auto end = environment_.time->now() + flush_slice;
    for (; left_to_flush_ > 0 && !neighbors_.empty(); --left_to_flush_) {
        next_to_flush_ = (next_to_flush_ + 1) % neighbors_.size();
        neighbors_[next_to_flush_]->flush();
        if (environment_.time->now() < end)
            continue;
        --left_to_flush_;
        break;
    }
    flush_goes_on_ = left_to_flush_ > 0 && !neighbors_.empty();
    if (flush_goes_on_)
        return boost::asio::post(environment_.executor, [this, alive = std::weak_ptr(alive_)] {
            if (!alive.expired())
                flush_some();
        });
    for (const auto& done : std::exchange(after_flush_, {}))
        done();
}

bool speaker::acknowledged() const {
    return std::ranges::all_of(neighbors_, [](const auto& one) { return one->acknowledged(); });
}

void speaker::when_acknowledged(std::chrono::milliseconds limit, std::function<void()> done) {
    waiters_.push_back({environment_.time->now() + limit, std::move(done)});
    poll_acknowledgement(first_poll);
}

void speaker::poll_acknowledgement(std::chrono::milliseconds pause) {
    const auto then = environment_.time->now() + pause;
    poll_alarm_->set(then, [this, pause, alive = std::weak_ptr(alive_)] {
        if (alive.expired())
            return;
        auto now = environment_.time->now();
        auto all = acknowledged();
        std::vector<waiter> ready;
        std::vector<waiter> waiting;
        for (auto& one : waiters_)
            (all || now >= one.limit ? ready : waiting).push_back(std::move(one));
        waiters_ = std::move(waiting);
        if (!waiters_.empty())
            poll_acknowledgement(std::min(2 * pause, slowest_poll));
        for (const auto& one : ready)
            one.done();
    });
}

void speaker::send_keepalives() {
    for (const auto& neighbor : neighbors_)
        neighbor->send_keepalives();
    bfd_.send_early();
}

speaker_snapshot speaker::snapshot() const {
    speaker_snapshot made;
    for (const auto& neighbor : neighbors_)
        made.neighbors.emplace(neighbor->settings().name, neighbor->snapshot());
    for (const auto& one : listeners_)
        made.listeners.push_back({one->endpoint(), one->descriptor()});
    made.bfd = bfd_.snapshot();
    return made;
}

void speaker::stop(const wire::notification& notification) {
    stop_listening();
    for (const auto& neighbor : neighbors_)
        neighbor->stop(notification);
    stopped_ = true;
    update_bfd();
}

void speaker::stop_for_restart(const wire::notification& notification) {
    stop_listening();
    for (const auto& neighbor : neighbors_)
        neighbor->stop_for_restart(notification);
    stopped_ = true;
    update_bfd();
}

void speaker::stop_listening() {
    for (const auto& listener : listeners_)
        listener->stop();
}

void speaker::accepted(const listener& at, boost::asio::ip::tcp::socket socket) {
    error_code failed;
    auto remote = socket.remote_endpoint(failed).address();
    if (failed)
        return;
    const auto found = std::ranges::find_if(
        neighbors_, [&](const auto& one) { return one->settings().address == remote; });
    // Without its key the kernel takes segments that nobody signed.
    if (found != neighbors_.end() && !at.key_error((*found)->settings()))
        (*found)->accept(std::move(socket));
    // A stranger's is closed by going out of scope: AcceptUnconfiguredPeers is not implemented.
}

} // namespace herald::peering
