#pragma once

#include "herald/bgp/connection.hpp"
#include "herald/handover/json_reader.hpp"
#include "herald/handover/json_values.hpp"

#include <boost/json/value.hpp>

namespace herald::handover {

/// A connection of a peer ⇄ JSON, and what other parts of a peer have in common with it.

boost::json::value connection_to_json(const bgp::connection_snapshot& one);
bgp::connection_snapshot read_connection(json_reader from);

boost::json::value families_to_json(net::family_set families);
net::family_set read_families(json_reader from);

boost::json::value notification_to_json(const wire::notification& value);
wire::notification read_notification(json_reader from);

} // namespace herald::handover
