#pragma once

#include "herald/fleet/roster.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace herald::fleet {

/// What stands in the store: one JSON object a value, times as in RFC 3339. Of a presence only what
/// the node says itself; the revisions are the store's.
std::string to_json(const record& said);
std::string to_json(const presence& said);

/// Reads what some version of herald wrote: members that are unknown do not matter, texts that are
/// missing are empty. The error is a line for people.
std::expected<record, std::string> record_from_json(std::string_view text);
std::expected<presence, std::string> presence_from_json(std::string_view text);

/// The same with harmless texts: it reads back as it was written, and so can be compared.
record storable(record said);
permit storable(permit given);

} // namespace herald::fleet
