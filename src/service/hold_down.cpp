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

} // namespace herald::service
