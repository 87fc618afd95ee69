#pragma once

#include "herald/handover/json_names.hpp"
#include "herald/service/service_state.hpp"

namespace herald::daemon {

// The states of a service as one program writes them for the next.

inline constexpr handover::json_names<service::health_state, 4> health_names{
    {{"unknown", service::health_state::unknown},
     {"up", service::health_state::up},
     {"degraded", service::health_state::degraded},
     {"down", service::health_state::down}}};
inline constexpr handover::json_names<service::administration, 3> administration_names{
    {{"active", service::administration::active},
     {"draining", service::administration::draining},
     {"drained", service::administration::drained}}};

} // namespace herald::daemon
