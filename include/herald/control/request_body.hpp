#pragma once

#include "herald/control/operations.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace herald::control {

/// What a command asks for, and what who asks says of themselves.
template <typename Request>
struct command {
    Request wanted;
    std::string by;
    friend bool operator==(const command&, const command&) = default;
};

/// The bodies of commands. An empty one is an empty object; unknown members are errors. What the
/// path says is not in them. The error is a line for people.
template <typename Request>
using parsed_command = std::expected<command<Request>, std::string>;

parsed_command<drain_request> parse_drain(std::string_view body);
parsed_command<fleet_request> parse_fleet(std::string_view body, fleet_request::action what);
parsed_command<undrain_request> parse_undrain(std::string_view body);
/// A reason is taken with a shutdown.
parsed_command<neighbor_request> parse_neighbor(std::string_view body,
                                                neighbor_request::action what);
parsed_command<reload_request> parse_reload(std::string_view body);
parsed_command<log_request> parse_log(std::string_view body);
parsed_command<restart_request> parse_restart(std::string_view body);
parsed_command<report_request> parse_report(std::string_view body);

} // namespace herald::control
