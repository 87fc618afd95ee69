#include "herald/peering/speaker.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace herald::peering {

namespace {

/// TCP does not tell when octets are acknowledged: it is asked, at first this often, then less.
constexpr std::chrono::milliseconds first_poll{1};
constexpr std::chrono::milliseconds slowest_poll{50};
/// How long neighbors are flushed in one turn of the loop.
constexpr std::chrono::milliseconds flush_slice{1};

} // namespace

speaker::speaker(environment environment, const listen_settings& listen,
                 std::vector<neighbor_settings> neighbors, neighbor_observer& observer)
    : environment_(std::move(environment))
    , listen_(listen)
    , observer_(observer)
    , poll_timer_(environment_.executor) {
    for (auto& settings : neighbors)
        neighbors_.push_back(
            std::make_unique<neighbor>(environment_, std::move(settings), observer));
    environment_.links->on_change([this, alive = std::weak_ptr(alive_)] {
        if (alive.expired())
            return;
        for (const auto& neighbor : neighbors_)
            neighbor->links_changed();
    });
}

speaker::~speaker() {
    stop_listening();
}

std::expected<void, std::string> speaker::start() {
    std::vector<neighbor_settings> settings;
    settings.reserve(neighbors_.size());
    for (const auto& neighbor : neighbors_)
        settings.push_back(neighbor->settings());
    auto opened = listen_on(listen_, settings);
    if (!opened)
        return std::unexpected(opened.error());
    listeners_ = *std::move(opened);
    for (const auto& neighbor : neighbors_)
        neighbor->start();
    return {};
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
            environment_.executor,
            [this, alive = std::weak_ptr(alive_)](boost::asio::ip::tcp::socket socket) {
                if (!alive.expired())
                    accepted(std::move(socket));
            });
        if (auto listening = one->listen(address, listen.port, neighbors); !listening) {
            for (const auto& other : opened)
                other->stop();
            return std::unexpected(listening.error());
        }
        opened.push_back(one);
        all.push_back(std::move(one));
    }
    return all;
}

std::expected<void, std::string> speaker::change(const listen_settings& listen,
                                                 std::vector<neighbor_settings> next) {
    auto listening = listen_on(listen, next);
    if (!listening)
        return std::unexpected(listening.error());
    for (const auto& one : listeners_)
        if (std::ranges::find(*listening, one) == listening->end())
            one->stop();
    listen_ = listen;
    listeners_ = *std::move(listening);
    change_keys(next);

    std::vector<std::unique_ptr<neighbor>> after;
    after.reserve(next.size());
    for (auto& settings : next)
        after.push_back(changed_or_new(std::move(settings)));
    for (const auto& gone : neighbors_)
        if (gone)
            gone->stop(wire::make_cease(wire::cease_code::deconfigured));
    neighbors_ = std::move(after);
    for (const auto& neighbor : neighbors_)
        neighbor->start(); // without effect on those that run
    return {};
}

/// On every listener, whether it was there before or not: setting a key twice changes nothing.
void speaker::change_keys(const std::vector<neighbor_settings>& next) {
    for (const auto& one : listeners_) {
        for (const auto& before : neighbors_)
            if (!before->settings().password.empty() &&
                std::ranges::find(next, before->settings().address, &neighbor_settings::address) ==
                    next.end())
                one->set_key(before->settings().address, {});
        for (const auto& settings : next)
            one->set_key(settings.address, settings.password);
    }
}

/// Takes the neighbor of this name from its place, where its session goes on. One that begins anew
/// is another: nothing of the old session is left in it.
std::unique_ptr<neighbor> speaker::changed_or_new(neighbor_settings settings) {
    const auto known = std::ranges::find_if(
        neighbors_, [&](const auto& one) { return one && one->settings().name == settings.name; });
    if (known == neighbors_.end())
        return std::make_unique<neighbor>(environment_, std::move(settings), observer_);
    auto same = std::move(*known);
    if (!session_goes_on(same->settings(), settings)) {
        same->stop(wire::make_cease(wire::cease_code::configuration_change));
        return std::make_unique<neighbor>(environment_, std::move(settings), observer_);
    }
    const bool was_down = same->settings().shutdown;
    const bool to_be_down = settings.shutdown;
    same->update(std::move(settings));
    if (to_be_down && !was_down)
        same->shut_down("");
    if (was_down && !to_be_down)
        same->enable();
    return same;
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
    waiters_.push_back({std::chrono::steady_clock::now() + limit, std::move(done)});
    poll_acknowledgement(first_poll);
}

void speaker::poll_acknowledgement(std::chrono::milliseconds pause) {
    poll_timer_.expires_after(pause);
    poll_timer_.async_wait([this, pause, alive = std::weak_ptr(alive_)](error_code restarted) {
        if (restarted || alive.expired())
            return;
        auto now = std::chrono::steady_clock::now();
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

void speaker::stop(const wire::notification& notification) {
    stop_listening();
    for (const auto& neighbor : neighbors_)
        neighbor->stop(notification);
}

void speaker::stop_for_restart(const wire::notification& notification) {
    stop_listening();
    for (const auto& neighbor : neighbors_)
        neighbor->stop(neighbor->keeps_routes() ? std::nullopt : std::optional(notification));
}

void speaker::stop_listening() {
    for (const auto& listener : listeners_)
        listener->stop();
}

void speaker::accepted(boost::asio::ip::tcp::socket socket) {
    error_code failed;
    auto remote = socket.remote_endpoint(failed).address();
    if (failed)
        return;
    for (const auto& neighbor : neighbors_)
        if (neighbor->settings().address == remote)
            return neighbor->accept(std::move(socket));
    // A stranger's is closed by going out of scope: AcceptUnconfiguredPeers is not implemented.
}

} // namespace herald::peering
