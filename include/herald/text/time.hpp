#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace herald::text {

/// Digits of a second's fraction: as the socket shows times, and as the log does.
inline constexpr std::size_t milliseconds = 3;
inline constexpr std::size_t microseconds = 6;

/// "2025-01-31T08:00:00Z", with a fraction when there is one; RFC 3339 §5.6.
std::string to_rfc3339(std::chrono::system_clock::time_point time);
/// With so many digits of the fraction, 1 to 9; what is beyond them is cut off.
std::string to_rfc3339(std::chrono::system_clock::time_point time, std::size_t digits);

/// A time in UTC, to the nanosecond. None: not such a time, or out of the clock's range (years 1678
/// to 2261).
std::optional<std::chrono::system_clock::time_point> from_rfc3339(std::string_view text);

} // namespace herald::text
