#pragma once

#include "herald/bgp/family_feed.hpp"
#include "herald/handover/json_reader.hpp"

#include <boost/json/value.hpp>

namespace herald::handover {

/// What a neighbor was sent of one family ⇄ JSON.
boost::json::value feed_to_json(const bgp::feed_snapshot& feed);
bgp::feed_snapshot read_feed(json_reader from, net::address_family family);

} // namespace herald::handover
