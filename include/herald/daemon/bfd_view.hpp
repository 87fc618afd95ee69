#pragma once

#include "herald/control/snapshot.hpp"
#include "herald/peering/speaker.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace herald::daemon {

/// None: BFD is not configured for the neighbor, or it is administratively down.
std::optional<control::bfd_view> bfd_view_of(const peering::neighbor& neighbor,
                                             const peering::speaker& speaker);

std::map<std::string, std::uint64_t> by_reason(const bfd::discard_counters& dropped);

/// Why the session waits for BFD, or goes on without its protection, in a line; none: it does not.
std::optional<std::string> bfd_trouble(const peering::neighbor& neighbor,
                                       const peering::speaker& speaker);

/// Why a session changed, "Control Detection Time Expired" …; "": nothing is to be said.
std::string describe(const bfd::action::state_changed& change);

} // namespace herald::daemon
