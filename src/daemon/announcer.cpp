#include "herald/daemon/announcer.hpp"

#include "herald/bgp/export_policy.hpp"

#include <algorithm>
#include <map>

namespace herald::daemon {

bool hears(const peering::neighbor_settings& neighbor, const service::service_settings& service) {
    return service.neighbors.empty() ||
           std::ranges::find(service.neighbors, neighbor.name) != service.neighbors.end();
}

void announce(const managed_service& service, peering::speaker& speaker) {
    bgp::shared_attributes shared; // by the neighbors in a row that hear the same
    for (const auto& neighbor : speaker.neighbors()) {
        const auto& settings = service.settings();
        if (!hears(neighbor->settings(), settings.service))
            continue;
        auto route =
            bgp::export_route(neighbor->settings().policy, settings.exported, service.heard());
        if (route && (!shared || *shared != *route))
            shared = std::make_shared<const wire::path_attributes>(std::move(*route));
        for (const auto& prefix : settings.service.prefixes)
            route ? neighbor->want(prefix, shared) : neighbor->unwant(prefix);
        neighbor->flush();
    }
}

void announce_all(const std::vector<std::unique_ptr<managed_service>>& services,
                  peering::speaker& speaker) {
    for (const auto& neighbor : speaker.neighbors()) {
        std::map<net::ip_prefix, bgp::shared_attributes> routes;
        for (const auto& service : services) {
            const auto& settings = service->settings();
            if (!hears(neighbor->settings(), settings.service))
                continue;
            auto route =
                bgp::export_route(neighbor->settings().policy, settings.exported, service->heard());
            if (!route)
                continue;
            const auto shared = std::make_shared<const wire::path_attributes>(std::move(*route));
            for (const auto& prefix : settings.service.prefixes)
                routes.emplace(prefix, shared);
        }
        neighbor->want_only(routes);
        neighbor->flush();
    }
}

void complete_settled(const std::vector<std::unique_ptr<managed_service>>& services,
                      peering::speaker& speaker, bool regardless) {
    for (const auto& neighbor : speaker.neighbors()) {
        auto settled = std::ranges::all_of(services, [&](const auto& service) {
            return !hears(neighbor->settings(), service->settings().service) ||
                   service->health() != service::health_state::unknown;
        });
        if (settled || regardless)
            neighbor->routes_complete();
    }
}

} // namespace herald::daemon
