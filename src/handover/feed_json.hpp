#pragma once

#include "herald/bgp/family_feed.hpp"
#include "herald/handover/json_reader.hpp"
#include "herald/handover/route_tables.hpp"

#include <boost/json/value.hpp>

namespace herald::handover {

/// What a neighbor was sent of one family ⇄ JSON. Without `tables` its routes are written here.
boost::json::value feed_to_json(const bgp::feed_snapshot& feed, net::address_family family,
                                route_tables* tables);
bgp::feed_snapshot read_feed(json_reader from, net::address_family family,
                             const read_tables& tables);

} // namespace herald::handover
