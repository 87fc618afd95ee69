#pragma once

#include "herald/control/answers.hpp"
#include "herald/control/event_view.hpp"
#include "herald/control/measurements.hpp"
#include "herald/control/snapshot.hpp"
#include "herald/daemon/managed_service.hpp"
#include "herald/peering/neighbor.hpp"

#include <chrono>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace herald::daemon {

/// A run of a check, as it is told of.
struct check_run {
    std::string service;
    std::string check;
    control::run_result result = control::run_result::pass;
    std::chrono::nanoseconds duration{};
    std::chrono::steady_clock::time_point ended = {};
    std::optional<health::verdict> settled = {};
    bool changed = false;             // the settled verdict did
    bool agrees_with_settled = false; // or nothing is settled yet
    std::string text = {};            // "failed: timed out" …
};

/// What became of a service.
struct service_change {
    std::string service;
    service::health_state health = service::health_state::unknown;
    service::administration administration = service::administration::active;
    net::announcement heard = net::announcement::none;
    std::string cause = {};
    /// When the check's verdict settled that led to it, if one did.
    std::optional<std::chrono::steady_clock::time_point> verdict_settled = {};
};

check_run describe_run(const managed_service& which, const health::check& check, bool changed);
service_change describe_change(const managed_service& which);

/// What happened since the start: counts and measurements for the metrics, the last results of each
/// check, and events. Kept by name, so that it outlives the objects that a reload replaces.
class event_log {
public:
    /// Told of each event.
    using reader = std::function<void(const control::event_view&)>;

    explicit event_log(reader tell) : tell_(std::move(tell)) {}

    void started();
    /// `why`: "heraldd was stopped by SIGTERM", …
    void stopping(const std::string& why, bool restart);
    /// A new program takes over; what becomes of each neighbor's session.
    void handed_over(const std::vector<control::kept_view>& neighbors);
    void not_restarted(const std::string& why);
    /// The configuration was read again; the error is a line for people.
    void reloaded(const std::expected<void, std::string>& how);

    /// An operator's command, as an event.
    void commanded(control::event_view command);

    void state_changed(const peering::neighbor& which, bgp::session_state before,
                       bgp::session_state now);
    void session_ended(const peering::neighbor& which, const peering::session_end& end);
    void check_ran(const check_run& run);
    void service_changed(const service_change& change);

    /// Neighbors, services and checks that the configuration no longer has are not counted any
    /// more. Events of them stay.
    void forget_all_but(const config::configuration& configured);

    void reacted(std::chrono::nanoseconds took) { measured_.reaction.observe(took); }
    void acknowledged(std::chrono::nanoseconds took) { measured_.withdraw_ack.observe(took); }
    void woke_late(std::chrono::nanoseconds by) { measured_.loop_lag.observe(by); }

    const control::measurements& measured() const { return measured_; }
    /// The last ones, oldest first; but for the steps on the way to a session.
    std::vector<control::event_view> recent() const { return {events_.begin(), events_.end()}; }
    /// Puts each check's last results into the view.
    void complete(control::service_view& view) const;

private:
    using check_name = std::pair<std::string, std::string>; // of its service, and its own

    /// What a service was when it was last looked at.
    struct standing {
        service::health_state health = service::health_state::unknown;
        service::administration administration = service::administration::active;
    };

    /// Of a check.
    struct history {
        std::string recent; // as check_view has it
        std::string state = "unknown";
    };

    void tell(control::event_view event);
    void tell_notification(const peering::neighbor& which, std::string direction,
                           const wire::notification& what);

    reader tell_;
    control::measurements measured_;
    std::map<check_name, history> checks_;
    std::map<std::string, standing> services_;
    std::deque<control::event_view> events_;
};

} // namespace herald::daemon
