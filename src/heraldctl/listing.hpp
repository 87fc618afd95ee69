#pragma once

#include "commands.hpp"

namespace heraldctl {

/// Prints names alone, one a line: what scripts and completions would otherwise pick out of JSON.
result<void> list_names(const global_options& global,
                        const boost::program_options::variables_map& options);

} // namespace heraldctl
