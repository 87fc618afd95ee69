#pragma once

#include <expected>
#include <string>
#include <sys/types.h>
#include <system_error>
#include <vector>

namespace herald::health {

/// A child as the kernel gives it: both descriptors are the caller's, and close on exec.
struct spawned {
    pid_t pid;
    int exited; // the pidfd, readable when it has ended
    int output; // the reading end of its stdout and stderr, not blocking
};

/// See child_process. This waits until the program has taken the place of this one, which takes as
/// long as a disk does. What the calling thread has of ambient capabilities, the child has too.
/// The descriptors `given`, all of them 16 or greater, are 3 and on there.
std::expected<spawned, std::error_code> spawn_child(const std::vector<std::string>& command,
                                                    const std::vector<int>& given);

/// Kills and reaps it, and waits for that.
void abandon(const spawned& child);

} // namespace herald::health
