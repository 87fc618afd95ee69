#pragma once

#include "herald/control/snapshot.hpp"

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

namespace herald::control {

/// Why one neighbor hears a prefix, or does not.
struct hearing_view {
    std::string neighbor;
    std::string state;               // of the session
    bool hears = false;              // it has the prefix now
    bool settled = false;            // and nothing more is to be sent or acknowledged
    std::string why;                 // one line
    std::string reason;              // the same for programs: "announced", "session_down" …
    std::optional<route_view> route; // what it was sent, as it was encoded
};

/// Why a prefix is heard as it is: from the checks to the wire.
struct explain_view {
    std::string prefix;
    service_view service;
    std::vector<hearing_view> neighbors;
};

/// One part of the configuration that a reload changes.
struct change_view {
    std::string section; // "neighbor", "service", "bgp" …
    std::string name;    // of a neighbor or service; else empty
    std::string change;  // "added" "removed" "changed"
    std::vector<std::string> keys;
    bool resets_session = false;
    bool needs_restart = false;
};

struct reload_view {
    bool dry_run = false;
    std::vector<change_view> changes;
    std::vector<std::string> warnings; // of the configuration, one line each
};

/// What becomes of a neighbor's session in a restart.
struct kept_view {
    std::string neighbor;
    bool kept = false;
    std::optional<std::string> reason; // why not
};

struct restart_view {
    std::vector<kept_view> neighbors;
};

boost::json::object to_json(const restart_view& restart);
boost::json::object to_json(const explain_view& explained);
boost::json::object to_json(const reload_view& reloaded);

} // namespace herald::control
