#pragma once

#include "herald/health/hysteresis.hpp"
#include "herald/net/announcement.hpp"
#include "herald/service/service_settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herald::service {

using time_point = std::chrono::steady_clock::time_point;

enum class health_state : std::uint8_t { unknown, up, degraded, down };
enum class administration : std::uint8_t { active, draining, drained };

std::string_view to_string(health_state value);
std::string_view to_string(administration value);

/// A drain in force.
struct drain {
    time_point since;
    std::optional<time_point> until; // it ends by itself then
    bool immediate = false;          // no 'draining' before 'drained'
    std::string reason;
    friend bool operator==(const drain&, const drain&) = default;
};

/// One service's state: a function of its checks' settled verdicts, its drain and the time. Pure:
/// the time is given, and next_change() says when it matters again.
class service_state {
public:
    /// `degrades_only`: one element a check, true where its failing only degrades the service.
    service_state(service_settings settings, std::vector<bool> degrades_only);

    /// Takes other settings and checks, with their verdicts as far as they are known. What it was
    /// told of drains stays, and health that was once known is not unknown again.
    void change(service_settings settings, std::vector<bool> degrades_only,
                std::vector<std::optional<health::verdict>> verdicts);
    /// The settled verdict of the check at `index`.
    void set_verdict(std::size_t index, health::verdict verdict);
    /// Replaces a drain that is in force, though a 'draining' that began goes on from its start and
    /// what is drained stays so, unless the new one is immediate.
    void set_drain(drain drain);
    void clear_drain() { drain_.reset(); }
    const std::optional<drain>& current_drain() const { return drain_; }
    /// Forgets a drain whose time is over; true when there was one.
    bool expire_drain(time_point now);

    const service_settings& settings() const { return settings_; }
    /// Of the checks that can take the service down, `require` must pass (up) or at least not fail
    /// (degraded, as when any other check does not pass); down as soon as that cannot be reached
    /// any more; unknown while it is open, though never again once it was decided.
    health_state health() const;
    administration administration_at(time_point now) const;
    /// The contract's table: what neighbors hear.
    net::announcement heard(time_point now) const;
    /// When administration changes by itself: 'draining' ends, or the drain does.
    std::optional<time_point> next_change(time_point now) const;

private:
    bool in_force(time_point now) const;

    service_settings settings_;
    std::vector<bool> degrades_only_;
    std::vector<std::optional<health::verdict>> verdicts_;
    std::optional<drain> drain_;
    bool settled_ = false; // health was once not unknown
};

} // namespace herald::service
