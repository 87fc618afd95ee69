#pragma once

#include "herald/net/moment.hpp"

namespace herald::bgp {

using net::moment;
using net::time_point;

} // namespace herald::bgp
