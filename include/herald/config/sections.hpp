#pragma once

#include "herald/config/configuration.hpp"
#include "herald/config/table_reader.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace herald::config {

/// The parts of herald.toml, each with its own checks. What is absent or wrong keeps its default,
/// and what is wrong is noted.

/// [bgp], [control], [metrics], [log], [state], [fleet].
void read_globals(table_reader& root, configuration& into);

/// A neighbor, and what matters of the file once the services are known too.
struct neighbor_draft {
    peering::neighbor_settings settings;
    bool has_families = false; // as the file says; else they follow from the services
    place where;
};

/// [[neighbor]] with [defaults.neighbor]. `globals` is complete but for neighbors and services.
std::vector<neighbor_draft> read_neighbors(table_reader& root, const configuration& globals);

/// Unknown while one of the two AS numbers is.
enum class session_kind : std::uint8_t { unknown, external, internal };

/// [neighbor.when.…].
void read_states(table_reader& neighbor, session_kind kind, bgp::export_settings& into);
/// Whether `prepend` and `local_pref` suit the session.
void check_path_keys(table_reader& from, session_kind kind);
/// Whether the lists fit an UPDATE.
void check_communities(table_reader& from, const bgp::community_lists& lists);

/// [[service]] with [[service.check]] and [defaults.check].
std::vector<service_entry> read_services(table_reader& root,
                                         const std::vector<neighbor_draft>& neighbors);

/// [[service.check]] of one service.
std::vector<health::check_settings> read_checks(table_reader& service, const named_table& defaults);

/// The table [defaults.`section`], empty when there is none.
named_table read_defaults(table_reader& root, std::string_view section);

/// Families that follow from what each neighbor is to hear; a warning when that is nothing.
void join(std::vector<neighbor_draft>& neighbors, const std::vector<service_entry>& services,
          problem_list& problems);

} // namespace herald::config
