#pragma once

#include "herald/bfd/session_snapshot.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <string>

namespace herald::handover {

/// A BFD session as JSON, from which the same comes back.
boost::json::object to_json(const bfd::session_snapshot& session);

/// One with which nothing is wrong, find_fault(). The error is one line that names the place:
/// "remote.state: …".
std::expected<bfd::session_snapshot, std::string> bfd_from_json(const boost::json::value& value);

} // namespace herald::handover
