#pragma once

#include "herald/service/hold_down.hpp"

#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace herald::service {

/// By service.
using stored_hold_downs = std::map<std::string, stored_hold_down>;

/// The text of hold_downs.json; times are RFC 3339 in UTC.
std::string to_json(const stored_hold_downs& all);
/// Reads what to_json() writes, and nothing else. The error says what is wrong.
std::expected<stored_hold_downs, std::string> hold_downs_from_json(std::string_view text);

} // namespace herald::service
