#pragma once

#include "herald/control/snapshot.hpp"
#include "herald/daemon/fleet_keeper.hpp"
#include "herald/fleet/guard.hpp"

#include <optional>
#include <string>

namespace herald::daemon {

/// "1 of 2 sites are announced elsewhere; out: tokyo-1 (tokyo): drained by alice: kernel": a line.
std::string in_words(const fleet::refusal& refusal);

/// None without [fleet].
std::optional<control::fleet_view> view_of(const fleet_keeper& keeper);
/// With what is known of all nodes.
control::fleet_view full_view_of(const fleet_keeper& keeper);
/// None where the service may go whatever others do.
std::optional<control::guard_view> guard_view_of(const managed_service& service,
                                                 const fleet_keeper& keeper);

} // namespace herald::daemon
