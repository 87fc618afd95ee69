#pragma once

#include "herald/bgp/peer_snapshot.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <string>

namespace herald::handover {

/// A peer as JSON, from which the same comes back. If a route is too large for any UPDATE (only
/// extended messages, RFC 8654, can make it so), then what is written cannot be read.
boost::json::object to_json(const bgp::peer_snapshot& peer);

/// One with which nothing is wrong, find_fault(). The error is one line that names the place:
/// "connections[0].fsm.state: …".
std::expected<bgp::peer_snapshot, std::string> peer_from_json(const boost::json::value& value);

} // namespace herald::handover
