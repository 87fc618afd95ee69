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
/// A request that says all by its path.
std::expected<void, std::string> parse_nothing(std::string_view body);

} // namespace herald::control
