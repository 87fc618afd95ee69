#pragma once

#include "herald/control/snapshot.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <vector>

namespace herald::control {

/// The snapshot as JSON. Keys are the members' names. Times are RFC 3339 in UTC, durations are
/// seconds. Every key is always there; what is unknown is null.
boost::json::object to_json(const neighbor_view& neighbor);
boost::json::object to_json(const check_view& check);
boost::json::object to_json(const service_view& service);
boost::json::object to_json(const route_view& route);
boost::json::object to_json(const fleet_view& fleet);
boost::json::object to_json(const status_view& status);

template <typename View>
boost::json::array to_json(const std::vector<View>& views) {
    boost::json::array list;
    list.reserve(views.size());
    for (const auto& view : views)
        list.emplace_back(to_json(view));
    return list;
}

} // namespace herald::control
