#pragma once

#include "herald/control/operations.hpp"
#include "herald/control/response.hpp"
#include "herald/control/wait_condition.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace herald::control {

/// What was asked, apart from the socket.
struct request {
    std::string method;
    std::string target; // RFC 9112 §3.2: path and query, or a whole URL
    std::string body;
};

struct undrain_request {
    std::vector<std::string> services; // empty: all
    friend bool operator==(const undrain_request&, const undrain_request&) = default;
};

struct reload_request {
    bool dry_run = false;
    friend bool operator==(reload_request, reload_request) = default;
};

struct log_request {
    std::string level;
    friend bool operator==(const log_request&, const log_request&) = default;
};

struct restart_request {
    friend bool operator==(restart_request, restart_request) = default;
};

/// An answer, or what has to be done first.
using outcome =
    std::variant<response, drain_request, undrain_request, report_request, neighbor_request,
                 reload_request, log_request, restart_request, wait_request>;

/// Who asks: those whom the control socket's file admits, or anyone.
enum class audience : std::uint8_t { operators, everyone };

/// Never throws on what a client sent. Everyone may look; only operators may change.
outcome route(const request& asked, const operations& daemon, audience who = audience::operators);

/// The services as they are after a change of `names`: the one, or all where `names` is empty.
response show_changed(const std::vector<std::string>& names, const status_view& status);

/// A neighbor as it is after a request about it.
response show_neighbor(const std::string& name, const status_view& status);
response show_level(const std::string& level);

/// The answer to a restart that is under way.
response show_restarting();
/// The check that was reported on, as it is now.
response show_reported(const report_request& reported, const status_view& status);

} // namespace herald::control
