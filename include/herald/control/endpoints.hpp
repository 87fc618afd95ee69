#pragma once

#include "herald/control/endpoint.hpp"
#include "herald/control/response.hpp"

#include <string_view>

// What each endpoint does. Each is one function, and one row in routing.cpp.

namespace herald::control {

answering show_status(call& asked);
answering show_neighbors(call& asked);
answering show_neighbor(call& asked);
answering show_services(call& asked);
answering show_service(call& asked);
answering show_checks(call& asked);
answering show_routes(call& asked);
answering show_fleet(call& asked);
answering explain(call& asked);
answering follow_events(call& asked);
answering show_recent_events(call& asked);
answering show_metrics(call& asked);
answering show_live(call& asked);
answering show_ready(call& asked);
answering show_page(call& asked);
answering wait(call& asked);

answering drain(call& asked);
answering undrain(call& asked);
answering report(call& asked);
answering change_neighbor(call& asked);
answering change_fleet(call& asked);
answering reload(call& asked);
answering change_log(call& asked);
answering restart(call& asked);

answering pre_reboot(call& asked);
answering steady_state(call& asked);

response invalid(std::string_view detail);
response unknown_parameter(std::string_view name);
response nothing_here();

} // namespace herald::control
