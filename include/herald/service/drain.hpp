#pragma once

#include "herald/service/moment.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace herald::service {

/// Who drains: each has a drain of its own, and ends only that.
enum class drain_source : std::uint8_t { by_operator, by_file };
inline constexpr std::array all_drain_sources{drain_source::by_operator, drain_source::by_file};

/// A drain in force, as it is shown and stored.
struct drain {
    wall_time since;
    std::optional<wall_time> until; // it ends by itself then
    bool immediate = false;         // no 'draining' before 'drained'
    std::string reason;
    std::string by; // the user, or the file; empty: not known
    friend bool operator==(const drain&, const drain&) = default;
};

} // namespace herald::service
