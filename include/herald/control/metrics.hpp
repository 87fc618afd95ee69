#pragma once

#include "herald/control/measurements.hpp"
#include "herald/control/metrics_text.hpp"
#include "herald/control/snapshot.hpp"

#include <string>

namespace herald::control {

/// Every metric of the contract, in Prometheus' text format.
std::string to_metrics(const status_view& status, const measurements& measured);

/// process_…: what Prometheus' own clients tell of a process, read from /proc.
void add_process_metrics(metrics_text& out);

} // namespace herald::control
