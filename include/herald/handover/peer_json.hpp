#pragma once

#include "herald/bgp/peer_snapshot.hpp"
#include "herald/handover/route_tables.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <expected>
#include <string>

namespace herald::handover {

/// A peer as JSON, from which the same comes back. If a route is too large for any UPDATE (only
/// extended messages, RFC 8654, can make it so), then what is written cannot be read.
/// Routes go to `tables`, where peers that have the same share them; without tables they stand
/// here.
boost::json::object to_json(const bgp::peer_snapshot& peer, route_tables* tables = nullptr);

/// One with which nothing is wrong, find_fault(). The error is one line that names the place:
/// "connections[0].fsm.state: …".
std::expected<bgp::peer_snapshot, std::string> peer_from_json(const boost::json::value& value,
                                                              const read_tables& tables = {});

} // namespace herald::handover
