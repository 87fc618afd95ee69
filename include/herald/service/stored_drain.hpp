#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace herald::service {

/// An operator's drain as it outlives the daemon.
struct stored_drain {
    std::chrono::system_clock::time_point since;
    std::optional<std::chrono::system_clock::time_point> until;
    bool immediate = false;
    std::string reason;
    std::string by; // who drained; empty: not known
    friend bool operator==(const stored_drain&, const stored_drain&) = default;
};

/// By service. A service that the configuration no longer has keeps its drain here.
using stored_drains = std::map<std::string, stored_drain>;

/// The text of drains.json: one JSON object with its version; times are RFC 3339 in UTC.
std::string to_json(const stored_drains& drains);

/// Reads what to_json() writes, and nothing else: a drain that was forgotten because of a damaged
/// file would send users to a node under maintenance. The error says what is wrong.
std::expected<stored_drains, std::string> from_json(std::string_view text);

} // namespace herald::service
