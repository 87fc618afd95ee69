#include "herald/control/readiness.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace herald::control {

std::vector<std::string> unready(const status_view& status) {
    std::vector<std::string> reasons;
    for (const auto& service : status.services)
        if (service.health == "unknown")
            reasons.push_back(fmt::format("the health of service {} is unknown", service.name));
    const auto wanted = [](const neighbor_view& each) { return !each.shutdown; };
    const auto up = [](const neighbor_view& each) { return each.state == "Established"; };
    if (std::ranges::any_of(status.neighbors, wanted) && std::ranges::none_of(status.neighbors, up))
        reasons.emplace_back("no session is Established");
    return reasons;
}

} // namespace herald::control
