#include "herald/peering/speaker.hpp"

#include <algorithm>

namespace herald::peering {

namespace {

/// TCP does not tell when octets are acknowledged: it is asked, at first this often, then less.
constexpr std::chrono::milliseconds first_poll{1};
constexpr std::chrono::milliseconds slowest_poll{50};

} // namespace

speaker::speaker(boost::asio::any_io_executor executor, const listen_settings& listen,
                 std::vector<neighbor_settings> neighbors, neighbor_observer& observer)
    : executor_(executor)
    , listen_(listen)
    , poll_timer_(executor) {
    const auto around = real_surroundings(executor);
    for (auto& settings : neighbors)
        neighbors_.push_back(std::make_unique<neighbor>(around, std::move(settings), observer));
}

speaker::~speaker() {
    stop_listening();
}

std::expected<void, std::string> speaker::start() {
    std::vector<neighbor_settings> settings;
    settings.reserve(neighbors_.size());
    for (const auto& neighbor : neighbors_)
        settings.push_back(neighbor->settings());
    for (const auto& address : listen_.addresses) {
        auto one = std::make_shared<listener>(
            executor_, [this, alive = std::weak_ptr(alive_)](boost::asio::ip::tcp::socket socket) {
                if (!alive.expired())
                    accepted(std::move(socket));
            });
        if (auto listening = one->listen(address, listen_.port, settings); !listening)
            return listening;
        listeners_.push_back(std::move(one));
    }
    for (const auto& neighbor : neighbors_)
        neighbor->start();
    return {};
}

neighbor* speaker::find(const std::string& name) const {
    auto found = std::ranges::find_if(
        neighbors_, [&](const auto& one) { return one->settings().name == name; });
    return found == neighbors_.end() ? nullptr : found->get();
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
