#pragma once

#include "failure.hpp"

#include <string_view>

namespace heraldctl {

/// Writes to stdout; a full disk is a failure.
result<void> print(std::string_view text);

/// Whether stdout is a terminal that wants colour (no-color.org).
bool wants_colour();

} // namespace heraldctl
