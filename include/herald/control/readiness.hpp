#pragma once

#include "herald/control/snapshot.hpp"

#include <string>
#include <vector>

namespace herald::control {

/// Why traffic cannot be expected to reach this node's services because of herald, one line each;
/// none: it is ready. That is so once no service's health is unknown and, where any neighbor is to
/// be up, some session is Established. A service that is down, or one neighbor of several that is
/// lost, is for alerts.
std::vector<std::string> unready(const status_view& status);

} // namespace herald::control
