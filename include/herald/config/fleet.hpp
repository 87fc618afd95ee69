#pragma once

#include "herald/config/rows.hpp"

namespace herald::config {

/// [fleet].
key_rows<configuration> fleet_rows();
/// [fleet] as a whole, after its rows were read. What is not there follows: the host's name is the
/// node's, and that the site's.
void complete_fleet(table_reader& root, fleet::fleet_settings& into);

/// What [[service]] says of its guard.
key_rows<service_entry> guard_rows();
/// Whether there is a fleet to guard it.
void check_guard(table_reader& service, const fleet::guard_settings& guard, bool in_fleet);

} // namespace herald::config
