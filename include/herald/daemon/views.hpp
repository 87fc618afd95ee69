#pragma once

#include "herald/control/snapshot.hpp"
#include "herald/daemon/managed_service.hpp"
#include "herald/peering/speaker.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace herald::daemon {

/// The modules' states as the plain values that the control socket shows.
control::neighbor_view view_of(const peering::neighbor& neighbor, const peering::speaker& speaker);
control::service_view view_of(const managed_service& service, const peering::speaker& speaker);
/// Without the names of the neighbor and the service.
control::route_view view_of(const bgp::advertised_route& route);
/// In order of prefix: at most `most`, those after `last`.
std::vector<control::route_view>
routes_of(const peering::neighbor& neighbor,
          const std::vector<std::unique_ptr<managed_service>>& services,
          const std::optional<net::ip_prefix>& last, std::size_t most);
/// What an operator should look at, one line each.
std::vector<std::string> problems_of(const std::vector<control::neighbor_view>& neighbors,
                                     const std::vector<control::service_view>& services);

} // namespace herald::daemon
