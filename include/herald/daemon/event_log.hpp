#pragma once

#include "herald/control/answers.hpp"
#include "herald/control/snapshot.hpp"
#include "herald/daemon/event_history.hpp"
#include "herald/daemon/managed_service.hpp"
#include "herald/peering/neighbor.hpp"

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
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

    /// Goes on where the log of another process was.
    void resume(event_history from);
    const event_history& history() const { return kept_; }
    /// When that was; none: this one is the first.
    std::optional<control::wall_time> resumed() const { return resumed_; }

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
    void bfd_changed(const peering::neighbor& which, const bfd::action::state_changed& change);
    void session_ended(const peering::neighbor& which, const peering::session_end& end);
    void check_ran(const check_run& run);
    void service_changed(const service_change& change);

    /// Neighbors, services and checks that the configuration no longer has are not counted any
    /// more. Events of them stay.
    void forget_all_but(const config::configuration& configured);

    void reacted(std::chrono::nanoseconds took) { kept_.measured.reaction.observe(took); }
    void acknowledged(std::chrono::nanoseconds took) { kept_.measured.withdraw_ack.observe(took); }
    void woke_late(std::chrono::nanoseconds by) { kept_.measured.loop_lag.observe(by); }

    const control::measurements& measured() const { return kept_.measured; }
    /// The last ones, oldest first; but for the steps on the way to a session.
    std::vector<control::event_view> recent() const {
        return {kept_.events.begin(), kept_.events.end()};
    }
    /// Puts each check's last results into the view.
    void complete(control::service_view& view) const;

private:
    void tell(control::event_view event);
    void tell_notification(const peering::neighbor& which, std::string direction,
                           const wire::notification& what);

    reader tell_;
    event_history kept_;
    std::optional<control::wall_time> resumed_;
};

} // namespace herald::daemon
