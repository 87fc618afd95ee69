#pragma once

#include "herald/control/histogram.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herald::control {

/// Writes metrics in Prometheus' text format, version 0.0.4: for each family its two lines, then
/// its samples.
class metrics_text {
public:
    using labels = std::vector<std::pair<std::string_view, std::string_view>>;

    void gauge(std::string_view name, std::string_view help);
    void counter(std::string_view name, std::string_view help);
    void histogram_family(std::string_view name, std::string_view help);

    /// Samples of the family that was last begun.
    void add(const labels& of, double value);
    void add(const labels& of, std::uint64_t value);
    void add(const labels& of, const histogram& observed);

    std::string take() { return std::move(out_); }

private:
    void family(std::string_view name, std::string_view help, std::string_view type);
    void sample(std::string_view suffix, const labels& of, std::string_view value);

    std::string out_;
    std::string name_;
};

} // namespace herald::control
