#pragma once

#include "herald/control/event_view.hpp"
#include "herald/control/operations.hpp"
#include "herald/control/server.hpp"
#include "herald/daemon/announcer.hpp"
#include "herald/daemon/daemon_settings.hpp"
#include "herald/daemon/event_log.hpp"
#include "herald/daemon/rate_limit.hpp"
#include "herald/peering/speaker.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace herald::daemon {

/// Logs what happens, counts it, and tells those that look on at the control socket.
class reporter final : public peering::neighbor_observer {
public:
    /// They are used from the first call on. `on_session` hears of each that comes or goes.
    reporter(peering::speaker& speaker, control::server& server, std::function<void()> on_session)
        : speaker_(speaker)
        , server_(server)
        , on_session_(std::move(on_session)) {}

    event_log& events() { return events_; }
    const event_log& events() const { return events_; }

    void check_ran(const check_run& run);
    void service_changed(const service_change& change, const announcer::sending& how);
    void drain_expired(const std::string& service);
    void reader_dropped();
    /// Who asked for something: in the log, and as an event that says what.
    void commanded(const control::caller& who, log_level level, std::string_view text,
                   control::event_view command);
    /// Those that wait at the control socket look again, now and when neighbors have acknowledged.
    void views_changed();
    void forget_all_but(const config::configuration& configured);
    /// Sessions that end from now on end as they should.
    void stopping(const std::string& why, bool restart);

    // peering::neighbor_observer
    void state_changed(const peering::neighbor& which, bgp::session_state before,
                       bgp::session_state now) override;
    void session_up(const peering::neighbor& which,
                    const bgp::negotiated_session& session) override;
    void session_ended(const peering::neighbor& which, const peering::session_end& end) override;
    void malformed_update(const peering::neighbor& which,
                          const bgp::malformed_update& update) override;
    void problem(const peering::neighbor& which, const std::string& text) override;
    void bfd_changed(const peering::neighbor& which,
                     const bfd::action::state_changed& change) override;

private:
    void measure(const service_change& change, const announcer::sending& how);

    peering::speaker& speaker_;
    control::server& server_;
    std::function<void()> on_session_;
    event_log events_{[this](const control::event_view& event) { server_.publish(event); }};
    std::map<std::string, std::string> last_failures_; // by neighbor: why there is no session
    rate_limit malformed_limit_{std::chrono::seconds(1)};
    std::uint64_t readers_dropped_ = 0;
    bool stopping_ = false;
    bool watching_acknowledgement_ = false;
};

} // namespace herald::daemon
