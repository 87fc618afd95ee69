#include "herald/service/hold_down.hpp"

#include <algorithm>

namespace herald::service {

void hold_down::went_down(time_point now) {
    flaps_ = flaps(now) + 1;
    auto length = std::min(first_, longest_);
    for (unsigned flap = 1; flap < flaps_ && length < longest_; ++flap)
        length = std::min(length * 2, longest_);
    until_ = stable_since_ = now + length;
}

stored_hold_down hold_down::snapshot(const moment& now) const {
    return {flaps(now.steady), now.to_wall(until_), now.to_wall(stable_since_)};
}

void hold_down::restore(const stored_hold_down& stored, const moment& now) {
    flaps_ = stored.flaps;
    until_ = std::min(now.to_steady(stored.until), now.steady + longest_);
    stable_since_ = std::min(now.to_steady(stored.stable_since), std::max(until_, now.steady));
}

} // namespace herald::service
