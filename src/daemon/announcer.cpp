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

/// What neighbors with this policy are to hear of a service; null: nothing.
bgp::shared_attributes route_for(const bgp::export_settings& policy,
                                 const managed_service& service) {
    auto route = bgp::export_route(policy, service.settings().exported, service.heard());
    return route ? std::make_shared<const wire::path_attributes>(std::move(*route)) : nullptr;
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
    announce_all();
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
    speaker_.flush([this, before, tellings = std::exchange(tellings_, {})] {
        const sending how{updates_sent() != before, std::chrono::steady_clock::now()};
        for (const auto& tell : tellings)
            tell(how);
    });
}

void announcer::announce(const std::set<std::string>& names) {
    for (const auto& each : listeners_)
        for (const auto& name : each.services) {
            const auto* const service = names.contains(name) ? services_.find(name) : nullptr;
            if (service == nullptr)
                continue;
            const auto route = route_for(each.policy, *service);
            for (const auto& prefix : service->settings().service.prefixes)
                route ? each.audience->want(prefix, route) : each.audience->unwant(prefix);
        }
}

void announcer::announce_all() {
    due_.clear();
    std::vector<listeners> now;
    for (const auto& neighbor : speaker_.neighbors())
        neighbor->hear(listeners_like(*neighbor, now).audience);
    listeners_ = std::move(now);
    for (const auto& each : listeners_) {
        bgp::audience::routes routes;
        for (const auto& name : each.services) {
            const auto& service = *services_.find(name);
            if (const auto route = route_for(each.policy, service))
                for (const auto& prefix : service.settings().service.prefixes)
                    routes.emplace(prefix, route);
        }
        each.audience->want_only(routes);
    }
    speaker_.flush([] {});
    complete_settled(false);
    limit_waiting(); // of neighbors that are new
}

/// Those that this neighbor belongs to, as they were before if there were such.
const announcer::listeners& announcer::listeners_like(const peering::neighbor& neighbor,
                                                      std::vector<listeners>& among) const {
    listeners like{neighbor.settings().policy, {}, nullptr};
    for (const auto& service : services_.all())
        if (hears(neighbor.settings(), service->settings().service))
            like.services.push_back(service->name());
    const auto same = [&](const listeners& other) {
        return other.policy == like.policy && other.services == like.services;
    };
    if (const auto known = std::ranges::find_if(among, same); known != among.end())
        return *known;
    const auto before = std::ranges::find_if(listeners_, same);
    like.audience =
        before != listeners_.end() ? before->audience : std::make_shared<bgp::audience>();
    return among.emplace_back(std::move(like));
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
