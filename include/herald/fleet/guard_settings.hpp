#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

namespace herald::fleet {

/// Of the members that are known, rounded up; 1 to 100.
struct percentage {
    unsigned value = 100;
    friend bool operator==(const percentage&, const percentage&) = default;
};

/// What must stay announced elsewhere when a service is taken away.
struct guard_settings {
    enum class unit : std::uint8_t { site, node };
    enum class store_loss : std::uint8_t { hold, withdraw };

    std::variant<unsigned, percentage> keep = 0U; // 0: whatever happens
    unit keep_per = unit::site;
    store_loss on_store_loss = store_loss::hold;
    friend bool operator==(const guard_settings&, const guard_settings&) = default;
};

} // namespace herald::fleet
