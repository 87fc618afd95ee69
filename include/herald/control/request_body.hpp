#pragma once

#include "herald/control/operations.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace herald::control {

/// The bodies of requests. An empty one is an empty object; unknown members are errors. The error
/// is a line for people.
std::expected<drain_request, std::string> parse_drain(std::string_view body);
/// The services to put back; none: what the path says.
std::expected<std::vector<std::string>, std::string> parse_undrain(std::string_view body);
/// Why; only where the request `takes_one`.
std::expected<std::string, std::string> parse_reason(std::string_view body, bool takes_one);
/// Whether it is a dry run.
std::expected<bool, std::string> parse_reload(std::string_view body);
/// The level, as it was written.
std::expected<std::string, std::string> parse_log(std::string_view body);
/// A request that says all by its path.
std::expected<void, std::string> parse_nothing(std::string_view body);
/// Service and check are in the path.
std::expected<report_request, std::string> parse_report(std::string_view body);

} // namespace herald::control
