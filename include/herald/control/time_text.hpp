#pragma once

#include "herald/control/snapshot.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace herald::control {

/// RFC 3339 §5.6, in UTC, with milliseconds: "2025-01-31T23:59:59.250Z".
std::string to_text(wall_time time);

/// Reads exactly what to_text() writes.
std::optional<wall_time> parse_time(std::string_view text);

} // namespace herald::control
