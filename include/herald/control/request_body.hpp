#pragma once

#include "herald/control/operations.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace herald::control {

/// The bodies of requests. An empty one is an empty object; unknown members are errors. The error
/// is a line for people.
std::expected<drain_request, std::string> parse_drain(std::string_view body);
std::expected<void, std::string> parse_nothing(std::string_view body);

} // namespace herald::control
