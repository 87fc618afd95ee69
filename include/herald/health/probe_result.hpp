#pragma once

#include "herald/health/hysteresis.hpp"

#include <chrono>
#include <string>

namespace herald::health {

/// The outcome of one run of a probe.
struct probe_result {
    verdict outcome = verdict::fail;
    bool could_run = true; // false: no such program, no such host …; `output` says why
    bool timed_out = false;
    std::string output; // its last line, or the error; at most 1024 octets, printable
    std::chrono::nanoseconds duration{0};
    friend bool operator==(const probe_result&, const probe_result&) = default;
};

} // namespace herald::health
