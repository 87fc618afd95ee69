#pragma once

#include "herald/config/configuration.hpp"
#include "herald/config/key_row.hpp"

#include <string_view>
#include <vector>

namespace herald::config {

// The keys of herald.toml, a row each.

inline constexpr std::uint8_t most_prepends = 64;

// Lists that are longer do not fit an UPDATE, check_communities().
inline constexpr std::size_t longest_community_list = 240;
inline auto as_communities() {
    return as_list(net::parse_community, longest_community_list);
}
inline auto as_large_communities() {
    return as_list(net::parse_large_community, longest_community_list);
}
inline auto as_extended_communities() {
    return as_list(net::parse_extended_community, longest_community_list);
}

/// A table that stands once, "[bgp]".
struct section {
    std::string_view name;
    key_rows<configuration> rows;
};
const std::vector<section>& sections();

/// `remote_as` of a neighbor of our own AS.
inline constexpr std::string_view internal_peer = "internal";

/// [[neighbor]]: what is its own, and what [defaults.neighbor] may say, too.
const key_rows<peering::neighbor_settings>& own_neighbor_rows();
const key_rows<peering::neighbor_settings>& common_neighbor_rows();

/// [neighbor.when.…]: the states, and the keys that each of them has.
struct service_state_row {
    std::string_view name;
    bgp::state_policy bgp::export_settings::* policy;
};
const std::vector<service_state_row>& service_state_rows();
const key_rows<bgp::state_policy>& state_policy_rows();

const key_rows<service_entry>& service_rows();

/// [[service.check]]: what is its own, and what [defaults.check] may say, too.
const key_rows<health::check_settings>& own_check_rows();
const key_rows<health::check_settings>& common_check_rows();

/// A type of check, and the keys that only checks of it have.
struct check_type {
    std::string_view name;
    std::vector<known_key> keys;
    health::probe_settings (*read)(table_reader& check);
};
const std::vector<check_type>& check_types();

} // namespace herald::config
