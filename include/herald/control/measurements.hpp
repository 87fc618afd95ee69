#pragma once

#include "herald/control/histogram.hpp"
#include "herald/control/snapshot.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herald::control {

/// How a run of a check went, as metrics count it; each is one of these.
enum class run_result : std::uint8_t { pass, degraded, fail, timeout, error };

/// "pass" … "error": it could not be run.
std::string_view to_string(run_result value);

/// What was counted of one check.
struct check_counts {
    std::map<run_result, std::uint64_t> runs;
    histogram durations;
    friend bool operator==(const check_counts&, const check_counts&) = default;
};

/// A kind of NOTIFICATION of one neighbor.
struct notification_kind {
    std::string neighbor;
    std::string direction; // "sent" or "received"
    std::uint8_t code = 0;
    std::uint8_t subcode = 0;
    friend auto operator<=>(const notification_kind&, const notification_kind&) = default;
};

/// What was counted and measured since the start and is in no view.
struct measurements {
    std::map<std::pair<std::string, std::string>, check_counts> checks; // by service and check
    std::map<std::string, std::uint64_t> service_transitions;           // of health, by service
    std::map<notification_kind, std::uint64_t> notifications;
    histogram reaction;     // verdict settled → UPDATEs handed to TCP
    histogram withdraw_ack; // withdrawals handed to TCP → acknowledged by every neighbor's
    histogram loop_lag;     // how late a timer fired
    bool reload_success = true;
    wall_time last_reload{}; // or the start
    friend bool operator==(const measurements&, const measurements&) = default;
};

} // namespace herald::control
