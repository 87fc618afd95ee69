#pragma once

#include "herald/daemon/managed_service.hpp"
#include "herald/handover/json_reader.hpp"

#include <boost/json/object.hpp>

namespace herald::daemon {

// A service at work, as one program leaves it to the next.

boost::json::object to_json(const managed_service_snapshot& snapshot);
/// What is wrong is noted in the document.
managed_service_snapshot read_service(handover::json_reader from);

} // namespace herald::daemon
