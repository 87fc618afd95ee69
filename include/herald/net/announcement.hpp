#pragma once

#include <cstdint>
#include <string_view>

namespace herald::net {

/// How a service's prefixes are to be heard, by the service's state.
enum class announcement : std::uint8_t { none, normal, degraded, draining, down, held };

constexpr std::string_view to_string(announcement value) {
    switch (value) {
    case announcement::none: return "none";
    case announcement::normal: return "normal";
    case announcement::degraded: return "degraded";
    case announcement::draining: return "draining";
    case announcement::down: return "down";
    case announcement::held: return "held";
    }
    return "none";
}

} // namespace herald::net
