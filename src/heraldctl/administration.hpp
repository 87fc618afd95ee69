#pragma once

#include "commands.hpp"

namespace heraldctl {

/// The commands that are about the daemon and its sessions.
result<void> neighbor(const global_options& global,
                      const boost::program_options::variables_map& options);
result<void> fleet(const global_options& global,
                   const boost::program_options::variables_map& options);
result<void> reload(const global_options& global,
                    const boost::program_options::variables_map& options);
result<void> log_level(const global_options& global,
                       const boost::program_options::variables_map& options);
/// Returns once the new start answers.
result<void> restart(const global_options& global,
                     const boost::program_options::variables_map& options);

} // namespace heraldctl
