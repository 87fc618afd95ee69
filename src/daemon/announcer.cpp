#include "herald/daemon/announcer.hpp"

#include "herald/bgp/export_policy.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <map>
#include <utility>

namespace herald::daemon {

namespace {

/// How long a service that does not settle may hold back a neighbor's End-of-RIB.
constexpr std::chrono::seconds end_of_rib_limit{60};

/// What a neighbor is to hear of a service, and the attributes that the neighbor before was told,
/// which most share.
bgp::shared_attributes route_for(const peering::neighbor& neighbor, const managed_service& service,
                                 bgp::shared_attributes& shared) {
    auto route =
        bgp::export_route(neighbor.settings().policy, service.settings().exported, service.heard());
    if (!route)
        return nullptr;
    if (!shared || *shared != *route)
        shared = std::make_shared<const wire::path_attributes>(std::move(*route));
    return shared;
}

} // namespace

bool hears(const peering::neighbor_settings& neighbor, const service::service_settings& service) {
    return service.neighbors.empty() ||
           std::ranges::find(service.neighbors, neighbor.name) != service.neighbors.end();
}

announcer::announcer(boost::asio::any_io_executor executor, const managed_services& services,
                     peering::speaker& speaker)
    : executor_(std::move(executor))
    , services_(services)
    , speaker_(speaker)
    , limit_(executor_) {}

void announcer::start() {
    complete_settled(false);
    limit_waiting();
}

void announcer::stop() {
    send();
    stopped_ = true;
    limit_.cancel();
}

void announcer::changed(const std::string& service) {
    due_.insert(service);
    at_the_end_of_the_turn();
}

void announcer::afterwards(telling tell) {
    tellings_.push_back(std::move(tell));
    at_the_end_of_the_turn();
}

/// After what is ready to run by now: other checks that fail at the same moment.
void announcer::at_the_end_of_the_turn() {
    if (std::exchange(turn_ends_, true))
        return;
    boost::asio::post(executor_, [this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired())
            send();
    });
}

void announcer::send() {
    turn_ends_ = false;
    if (stopped_ || (due_.empty() && tellings_.empty()))
        return;
    const auto before = updates_sent();
    if (const auto due = std::exchange(due_, {}); !due.empty()) {
        announce(due);
        complete_settled(false);
    }
    const sending how{updates_sent() != before, std::chrono::steady_clock::now()};
    for (const auto& tell : std::exchange(tellings_, {}))
        tell(how);
}

void announcer::announce(const std::set<std::string>& names) {
    std::vector<std::pair<const managed_service*, bgp::shared_attributes>> due;
    for (const auto& name : names)
        if (const auto* service = services_.find(name))
            due.emplace_back(service, nullptr);
    for (const auto& neighbor : speaker_.neighbors()) {
        for (auto& [service, shared] : due) {
            const auto& settings = service->settings().service;
            if (!hears(neighbor->settings(), settings))
                continue;
            const auto route = route_for(*neighbor, *service, shared);
            for (const auto& prefix : settings.prefixes)
                route ? neighbor->want(prefix, route) : neighbor->unwant(prefix);
        }
        neighbor->flush();
    }
}

void announcer::announce_all() {
    due_.clear();
    for (const auto& neighbor : speaker_.neighbors()) {
        std::map<net::ip_prefix, bgp::shared_attributes> routes;
        for (const auto& service : services_.all()) {
            const auto& settings = service->settings().service;
            bgp::shared_attributes shared;
            if (!hears(neighbor->settings(), settings) || !route_for(*neighbor, *service, shared))
                continue;
            for (const auto& prefix : settings.prefixes)
                routes.emplace(prefix, shared);
        }
        neighbor->want_only(routes);
        neighbor->flush();
    }
    complete_settled(false);
    limit_waiting(); // of neighbors that are new
}

void announcer::complete_settled(bool regardless) {
    for (const auto& neighbor : speaker_.neighbors()) {
        const auto settled = std::ranges::all_of(services_.all(), [&](const auto& service) {
            return !hears(neighbor->settings(), service->settings().service) ||
                   service->health() != service::health_state::unknown;
        });
        if (settled || regardless)
            neighbor->routes_complete();
    }
}

/// One that runs goes on: a reload must not put off its end.
void announcer::limit_waiting() {
    if (std::exchange(limit_runs_, true))
        return;
    limit_.expires_after(end_of_rib_limit);
    limit_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code cancelled) {
        if (cancelled || alive.expired())
            return;
        limit_runs_ = false;
        complete_settled(true);
    });
}

std::uint64_t announcer::updates_sent() const {
    constexpr auto update = static_cast<std::size_t>(wire::message_type::update);
    std::uint64_t sent = 0;
    for (const auto& neighbor : speaker_.neighbors())
        sent += neighbor->messages().sent[update];
    return sent;
}

} // namespace herald::daemon
