#pragma once

#include "herald/config/document.hpp"

#include <span>
#include <string_view>

namespace herald::config {

struct known_key {
    std::string_view name;
    bool implemented = true; // false: known to the contract, its feature comes later
};

/// A table of herald.toml. The root's name is empty; `header` is how it is opened in the file.
struct known_table {
    std::string_view name;           // "neighbor.when.degraded"
    std::string_view header;         // "[neighbor.when.degraded]"
    std::span<const known_key> keys; // tables within it included
};

/// Every table and key that herald.toml may have. [[service.check]] lists the keys of all types.
std::span<const known_table> known_tables();
const known_table& find_known_table(std::string_view name);

/// A type of check with the keys that it may have.
struct known_check_type {
    std::string_view name;
    std::span<const known_key> keys;
};
std::span<const known_check_type> known_check_types();

/// Notes each key of `entries` that `known` does not have, with what was probably meant.
void check_keys(const table& entries, const known_table& known, problem_list& problems);

} // namespace herald::config
