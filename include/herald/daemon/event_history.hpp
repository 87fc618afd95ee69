#pragma once

#include "herald/control/event_view.hpp"
#include "herald/control/measurements.hpp"
#include "herald/service/service_state.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <deque>
#include <expected>
#include <map>
#include <string>
#include <utility>

namespace herald::daemon {

/// What an event_log keeps, as values.
struct event_history {
    using check_name = std::pair<std::string, std::string>; // of its service, and its own

    struct check {
        std::string recent; // as check_view has it
        std::string state = "unknown";
        friend bool operator==(const check&, const check&) = default;
    };

    /// What a service was when it was last looked at.
    struct service {
        herald::service::health_state health = herald::service::health_state::unknown;
        herald::service::administration administration = herald::service::administration::active;
        friend bool operator==(const service&, const service&) = default;
    };

    control::wall_time started{}; // it all counts from then
    control::measurements measured;
    std::map<check_name, check> checks;
    std::map<std::string, service> services;
    std::deque<control::event_view> events; // the last ones, oldest first
    friend bool operator==(const event_history&, const event_history&) = default;
};

/// As JSON, to be handed over to another process. A cause too long to be read again is cut.
boost::json::object to_json(const event_history& history);
/// The error is one line that names the place.
std::expected<event_history, std::string> history_from_json(const boost::json::value& value);

} // namespace herald::daemon
