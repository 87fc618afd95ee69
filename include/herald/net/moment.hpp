#pragma once

#include <chrono>

namespace herald::net {

using time_point = std::chrono::steady_clock::time_point;

/// When an event happened. A machine knows no other time.
struct moment {
    time_point now{};                             // never jumps: durations are measured with it
    std::chrono::system_clock::time_point wall{}; // only shown
};

} // namespace herald::net
