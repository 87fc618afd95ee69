#pragma once

#include <chrono>

namespace herald::service {

using time_point = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::system_clock::time_point;

/// One moment on both clocks. What outlives the program is written in wall-clock time; what is
/// waited for is on the clock that nobody sets. What lies ahead or behind keeps its distance.
struct moment {
    time_point steady;
    wall_time wall;

    static moment now() {
        return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
    }
    time_point to_steady(wall_time when) const {
        return steady + std::chrono::duration_cast<time_point::duration>(when - wall);
    }
    wall_time to_wall(time_point when) const {
        return wall + std::chrono::duration_cast<wall_time::duration>(when - steady);
    }
};

} // namespace herald::service
