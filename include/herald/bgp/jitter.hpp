#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace herald::bgp {

/// Jitter of timers, RFC 4271 §10. The same seed gives the same durations.
class jitter {
public:
    explicit jitter(std::uint32_t seed) : seed_(seed) {}

    /// Of a jitter that goes on as this one.
    std::uint32_t seed() const { return seed_; }

    /// `duration` times 0.75 to 1.0.
    std::chrono::milliseconds operator()(std::chrono::milliseconds duration) {
        std::minstd_rand random(seed_);
        seed_ = static_cast<std::uint32_t>(random()); // what it draws is also its state
        const double factor = 0.75 + 0.25 * seed_ / double{std::minstd_rand::max()};
        return std::chrono::duration_cast<std::chrono::milliseconds>(duration * factor);
    }

private:
    std::uint32_t seed_;
};

} // namespace herald::bgp
