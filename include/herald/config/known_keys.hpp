#pragma once

#include "herald/config/document.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace herald::config {

/// What a change of a key costs.
enum class effect : std::uint8_t {
    none,        // it takes effect at once
    new_session, // the neighbor's session begins anew
    restart,     // it takes effect with the next start
};

enum class secrecy : std::uint8_t {
    none,
    never_quoted, // a value that is wrong may hold a password
    secret,       // the value is one
};

/// What is known of a key, whichever table's settings it goes into.
struct known_key {
    std::string_view name;
    std::string_view told_as = {};  // its name in a difference
    std::string_view fallback = {}; // its default as herald.toml has it; empty: none, or it depends
    bool is_required = false;
    effect on_change = effect::none;
    secrecy hidden = secrecy::none;
};

/// A table of herald.toml. The root's name is empty; `header` is how it is opened in the file.
struct known_table {
    std::string name;            // "neighbor.when.degraded"
    std::string header;          // "[neighbor.when.degraded]"
    std::vector<known_key> keys; // tables within it included
};

/// Every table and key that herald.toml may have. [[service.check]] lists the keys of all types.
const std::vector<known_table>& known_tables();
const known_table& find_known_table(std::string_view name);

/// Notes each key of `entries` that `known` does not have, with what was probably meant.
void check_keys(const table& entries, const known_table& known, problem_list& problems);

} // namespace herald::config
