#pragma once

#include "herald/bgp/export_settings.hpp"
#include "herald/control/control_settings.hpp"
#include "herald/control/metrics_settings.hpp"
#include "herald/daemon/daemon_settings.hpp"
#include "herald/fleet/fleet_settings.hpp"
#include "herald/fleet/guard_settings.hpp"
#include "herald/health/check_settings.hpp"
#include "herald/peering/peering_settings.hpp"
#include "herald/service/service_settings.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herald::config {

/// A service with what each module needs of it.
struct service_entry {
    service::service_settings service;
    bgp::service_export exported;
    std::vector<health::check_settings> checks;
    fleet::guard_settings guard;
    friend bool operator==(const service_entry&, const service_entry&) = default;
};

/// Everything herald.toml says.
struct configuration {
    net::as_number local_as = 0;
    std::uint32_t router_id = 0;
    peering::listen_settings listen;
    control::control_settings control;
    control::metrics_settings metrics;
    daemon::log_settings log;
    daemon::state_settings state;
    fleet::fleet_settings fleet;
    std::optional<boost::asio::ip::tcp::endpoint> fleetlock; // where the node's agent asks
    std::vector<peering::neighbor_settings> neighbors;
    std::vector<service_entry> services;
    friend bool operator==(const configuration&, const configuration&) = default;
};

/// What is wrong with a file, and where. Line and column count from 1; 1:1 when the fault is the
/// file as a whole.
struct problem {
    enum class severity : std::uint8_t { warning, error };
    severity level = severity::error;
    std::string file;
    std::size_t line = 1;
    std::size_t column = 1;
    std::string message;
    friend bool operator==(const problem&, const problem&) = default;
};

/// "FILE:LINE:COLUMN: message"; a warning's message begins with "warning: ".
std::string to_string(const problem& value);

/// A configuration when there is no error, and every problem that was found, by place.
struct load_result {
    std::optional<configuration> settings;
    std::vector<problem> problems;
    std::string text; // that was read, if there are settings
};

/// Reads a file of at most 1 MiB. What it cannot read is a problem like any other.
load_result load(const std::filesystem::path& file);

/// Reads a configuration from `text`; `file` is its name in problems, and a relative password_file
/// begins in its directory. Secrets in a file that every user can read draw a warning.
load_result parse(std::string_view text, const std::string& file, bool world_readable = false);

} // namespace herald::config
