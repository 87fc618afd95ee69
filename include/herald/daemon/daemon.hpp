#pragma once

#include "herald/config/configuration.hpp"
#include "herald/control/operations.hpp"
#include "herald/control/server.hpp"
#include "herald/daemon/chronicle.hpp"
#include "herald/daemon/drain_book.hpp"
#include "herald/daemon/drain_files.hpp"
#include "herald/daemon/lag_meter.hpp"
#include "herald/daemon/managed_service.hpp"
#include "herald/daemon/planned_restart.hpp"
#include "herald/daemon/rate_limit.hpp"
#include "herald/daemon/service_addresses.hpp"
#include "herald/daemon/state_directory.hpp"
#include "herald/daemon/watchdog.hpp"
#include "herald/peering/speaker.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::daemon {

/// How this process came to be, and can come to be again.
struct process_start {
    std::string program; // its file
    std::string config_file;
    /// When the planned restart began that this start belongs to.
    std::optional<std::chrono::steady_clock::time_point> restarted;
};

/// What the process is to do next.
enum class ending : std::uint8_t { exit, start_anew };

/// The whole program behind the command line: it wires the modules, starts and stops them in
/// order, and answers the control socket.
class daemon final : private control::operations,
                     private service_observer,
                     private peering::neighbor_observer {
public:
    daemon(boost::asio::io_context& context, config::configuration settings, process_start start,
           state_directory state);
    ~daemon() override;

    /// Drains are read first, then the control socket and the BGP listeners open, then checks and
    /// sessions begin. The error is a line for people.
    std::expected<void, std::string> start();
    /// Returns once it was stopped by a signal, or is to be started anew, and connections have been
    /// flushed and closed.
    ending run();

private:
    // control::operations
    control::status_view status() const override;
    std::vector<control::route_view> routes(const std::string& neighbor) const override;
    const control::measurements& measured() const override;
    std::vector<control::event_view> recent_events() const override;
    void drain(control::drain_request request, control::done reply) override;
    void undrain(std::vector<std::string> services, control::done reply) override;
    std::expected<control::explain_view, control::refusal>
    explain(const std::string& prefix) const override;
    std::expected<void, control::refusal>
    change_neighbor(const control::neighbor_request& request) override;
    void reload(bool dry_run, control::reply_to<control::reload_view> reply) override;
    std::expected<void, control::refusal> set_log_level(const std::string& level) override;
    void restart(control::done reply) override;
    void cannot_accept(const std::string& why) override;
    std::expected<void, control::refusal> report(const control::report_request& request) override;
    void reader_dropped() override;

    // service_observer
    void service_changed(managed_service& which) override;
    void check_ran(const managed_service& which, const health::check& check, bool changed) override;
    void drain_expired(managed_service& which, const service::stored_drain& drain) override;

    // peering::neighbor_observer
    void state_changed(const peering::neighbor& which, bgp::session_state before,
                       bgp::session_state now) override;
    void session_up(const peering::neighbor& which) override;
    void session_ended(const peering::neighbor& which, const peering::session_end& end) override;
    void malformed_update(const peering::neighbor& which,
                          const wire::checked_update& update) override;
    void problem(const peering::neighbor& which, const std::string& text) override;

    std::expected<control::reload_view, control::refusal> take(config::load_result loaded,
                                                               bool dry_run);
    control::refusal reload_refused(control::refusal why, bool dry_run);
    std::expected<void, std::string> apply(config::configuration next);
    void change_services(const std::vector<config::service_entry>& next);
    void take_up_drain(managed_service& service);

    void await_signal();
    void begin_stop(ending next, const std::string& why);
    void end_sessions(const std::string& why);
    void views_changed();
    std::string stuck_check() const;
    std::uint64_t updates_sent() const;
    void measure_change(const managed_service& which, std::uint64_t sent_before);
    std::expected<void, std::string> listen();
    std::expected<void, std::string> listen_for_everyone(const control::metrics_settings& now,
                                                         const control::metrics_settings& next);
    std::expected<std::vector<managed_service*>, control::refusal>
    find_services(const std::vector<std::string>& names) const;
    void change_drains(const std::vector<managed_service*>& services, std::string_view verb,
                       const std::function<void(service::stored_drains&, const std::string&)>& make,
                       control::done reply);

    boost::asio::io_context& context_;
    config::configuration settings_;
    process_start start_;
    state_directory state_;
    drain_book drains_;
    peering::speaker speaker_;
    std::vector<std::unique_ptr<managed_service>> services_;
    drain_files drain_files_;
    service_addresses addresses_;
    control::server server_;
    chronicle chronicle_{[this](const control::event_view& event) { server_.publish(event); }};
    lag_meter lag_meter_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer end_of_rib_timer_;
    watchdog watchdog_;
    std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
    std::map<std::string, std::string> last_failures_; // by neighbor: why there is no session
    rate_limit malformed_limit_{std::chrono::seconds(1)};
    std::uint64_t readers_dropped_ = 0;
    bool stopping_ = false;
    ending next_ = ending::exit;
    bool sessions_ended_ = false;
    bool watching_acknowledgement_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace herald::daemon
