#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace herald::bgp {

/// Jitter of timers, RFC 4271 §10. The same seed gives the same durations.
class jitter {
public:
    explicit jitter(std::uint32_t seed) : random_(seed) {}

    /// `duration` times 0.75 to 1.0.
    std::chrono::milliseconds operator()(std::chrono::milliseconds duration) {
        const auto factor = std::uniform_real_distribution(0.75, 1.0)(random_);
        return std::chrono::duration_cast<std::chrono::milliseconds>(duration * factor);
    }

private:
    std::minstd_rand random_;
};

} // namespace herald::bgp
