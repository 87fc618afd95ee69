#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace herald::service {

/// "2025-01-31T08:00:00Z", with a fraction where there is one; RFC 3339 §5.6.
std::string to_rfc3339(std::chrono::system_clock::time_point time);

/// A time in UTC, to the nanosecond. None: not such a time, or out of the clock's range (years 1678
/// to 2261).
std::optional<std::chrono::system_clock::time_point> from_rfc3339(std::string_view text);

} // namespace herald::service
