#pragma once

#include "herald/config/key_row.hpp"
#include "herald/peering/peering_settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace herald::config {

/// [neighbor.bfd], as the file has it.
struct bfd_entry {
    bfd::session_settings session; // but for `authentication`
    bool strict = false;
    std::optional<bool> multihop;
    std::optional<bfd::authentication_type> authentication;
    std::uint8_t key_id = bfd::authentication_settings{}.key_id;
    std::string password;
};

const key_rows<bfd_entry>& bfd_rows();

/// Notes unknown keys in the table `bfd` of a neighbor, or of the defaults.
void check_bfd_keys(const named_table& neighbor, problem_list& problems);

/// What led to a neighbor's settings; without BFD, the defaults.
bfd_entry bfd_entry_of(const peering::neighbor_settings& neighbor);

/// `bfd` of a neighbor: true, false, or the table.
key_row<peering::neighbor_settings> bfd_row();

} // namespace herald::config
