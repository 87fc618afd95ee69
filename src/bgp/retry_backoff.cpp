#include "herald/bgp/retry_backoff.hpp"

#include <algorithm>

namespace herald::bgp {

std::chrono::milliseconds retry_backoff::next() {
    constexpr std::chrono::milliseconds first_wait{1000};
    constexpr unsigned doublings = 20; // 12 days; keeps the shift in range
    const auto failures = failures_;
    failures_ = std::min(failures_ + 1, doublings);
    if (failures == 0)
        return std::chrono::milliseconds{0};
    return std::min(limit_, first_wait * (1U << (failures - 1)));
}

} // namespace herald::bgp
