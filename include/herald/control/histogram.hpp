#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace herald::control {

/// Durations, counted by size. Observing one is a handful of comparisons.
class histogram {
public:
    /// Upper bounds in seconds, each included; beyond the last is +Inf.
    static constexpr std::array bounds{10e-6,  25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3,
                                       2.5e-3, 5e-3,  10e-3, 25e-3,  50e-3,  100e-3, 250e-3,
                                       0.5,    1.0,   2.5,   5.0,    10.0};

    using bucket_counts = std::array<std::uint64_t, bounds.size() + 1>;

    histogram() = default;
    histogram(const bucket_counts& counts, double sum) : counts_(counts), sum_(sum) {}

    void observe(std::chrono::duration<double> took);

    /// How many fell between a bound and the one before it; the last: beyond all.
    const bucket_counts& counts() const { return counts_; }
    double sum() const { return sum_; }

    friend bool operator==(const histogram&, const histogram&) = default;

private:
    bucket_counts counts_{};
    double sum_ = 0;
};

} // namespace herald::control
