#include "herald/control/histogram.hpp"

#include <algorithm>

namespace herald::control {

void histogram::observe(std::chrono::duration<double> took) {
    const auto at = std::ranges::lower_bound(bounds, took.count()) - bounds.begin();
    ++counts_[static_cast<std::size_t>(at)];
    sum_ += took.count();
}

} // namespace herald::control
