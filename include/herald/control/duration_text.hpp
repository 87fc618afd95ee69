#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace herald::control {

/// "500ms", "10m", "1h30m", "3d04h": numbers, each with d, h, m, s or ms. From 1 ms to 366 days.
/// The error is a line for people.
std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text);

/// Within the same bounds.
std::optional<std::chrono::milliseconds> from_seconds(double count);

/// The two units that matter: "3d04h", "2h07m", "12m05s", "42s", "250ms". Never negative.
std::string humanise(std::chrono::milliseconds duration);

} // namespace herald::control
