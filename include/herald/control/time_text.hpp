#pragma once

#include "herald/control/snapshot.hpp"
#include "herald/net/rfc3339.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace herald::control {

/// As the socket shows times: to the millisecond, "2025-01-31T23:59:59.250Z".
inline std::string to_text(wall_time time) {
    constexpr std::size_t milliseconds = 3;
    return net::to_rfc3339(time, milliseconds);
}

/// None: not a time in UTC, RFC 3339 §5.6.
inline std::optional<wall_time> parse_time(std::string_view text) {
    return net::from_rfc3339(text);
}

} // namespace herald::control
