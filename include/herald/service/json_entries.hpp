#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace herald::service {

/// What the files of the state directory have in common: one JSON object with its `version` and,
/// under the name `what`, objects by name.
using json_entries = std::map<std::string, boost::json::object>;

std::string to_json(std::string_view what, const json_entries& entries);

/// Reads what to_json() writes, and nothing else. The error says what is wrong: cut short, not
/// ours, of another version, a key that comes twice. `named`: whose names they are, "service".
std::expected<json_entries, std::string>
entries_from_json(std::string_view what, std::string_view named, std::string_view text);

/// A time in RFC 3339, in UTC. The error names the key.
std::expected<std::chrono::system_clock::time_point, std::string>
time_of(const boost::json::value& value, std::string_view key);

} // namespace herald::service
