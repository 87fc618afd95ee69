#include "herald/health/schedule.hpp"

#include <algorithm>

namespace herald::health {

schedule::schedule(std::chrono::milliseconds interval, std::chrono::milliseconds fast_interval)
    : interval_(interval)
    , fast_interval_(std::min(interval, fast_interval)) {}

schedule::duration schedule::longest_splay() const {
    return std::min<duration>(interval_, std::chrono::seconds(1));
}

schedule::time_point schedule::first(time_point now, duration splay) {
    due_ = now + splay;
    return due_;
}

schedule::time_point schedule::next(time_point now, bool fast) {
    auto step = fast ? fast_interval_ : interval_;
    due_ += step;
    if (due_ < now)
        due_ += (now - due_) / step * step;
    return due_;
}

} // namespace herald::health
