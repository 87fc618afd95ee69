#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace herald::text {

/// "500ms", "10m", "1h30m", "3d04h": whole numbers, each with its unit, w, d, h, m, s or ms, which
/// add up to at most 366 days. Also "0". The error says what the text is instead.
std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text);

/// The same, but not 0: how long something lasts. The error is a sentence, with the text in it.
std::expected<std::chrono::milliseconds, std::string>
parse_positive_duration(std::string_view text);

/// A number of seconds, from 0.001 to 366 days.
std::optional<std::chrono::milliseconds> from_seconds(double count);

/// Exactly, in the largest of h, m, s and ms that divides it: "90s", "24h".
std::string exact_duration(std::chrono::milliseconds duration);

/// The two units that matter: "3d04h", "2h07m", "12m05s", "42s", "250ms". Never negative.
std::string humanise(std::chrono::milliseconds duration);

} // namespace herald::text
