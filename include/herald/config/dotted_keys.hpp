#pragma once

#include "herald/config/problem_list.hpp"

#include <optional>
#include <string_view>

namespace herald::config {

/// Where a TOML text has a key of more than 8 parts ("a.b.c…"), if it has one. toml++ 3.3 makes a
/// table of each part without a limit, and its recursion then uses up the stack.
std::optional<place> find_deep_key(std::string_view text);

} // namespace herald::config
