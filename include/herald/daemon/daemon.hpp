#pragma once

#include "herald/config/configuration.hpp"
#include "herald/control/operations.hpp"
#include "herald/control/server.hpp"
#include "herald/daemon/announcer.hpp"
#include "herald/daemon/config_reader.hpp"
#include "herald/daemon/control_adapter.hpp"
#include "herald/daemon/fleet_keeper.hpp"
#include "herald/daemon/inheritance.hpp"
#include "herald/daemon/lag_meter.hpp"
#include "herald/daemon/managed_services.hpp"
#include "herald/daemon/neighbor_shutdowns.hpp"
#include "herald/daemon/planned_restart.hpp"
#include "herald/daemon/reporter.hpp"
#include "herald/daemon/signals.hpp"
#include "herald/daemon/state_directory.hpp"
#include "herald/daemon/watchdog.hpp"
#include "herald/peering/links.hpp"
#include "herald/peering/speaker.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace herald::daemon {

/// How this process came to be, and can come to be again.
struct process_start {
    std::string program;                // its file
    std::vector<std::string> arguments; // of the command line, the program's name first
    std::string config_file;
    std::string configuration = {}; // that is in force, as it was read
    /// What the command line says of the log, which the file does not change then.
    std::optional<log_level> level = {};
    std::optional<log_format> format = {};
    /// When the planned restart began that this start belongs to.
    std::optional<std::chrono::steady_clock::time_point> restarted = {};
    std::string before = {}; // the version of the program whose place this one took
};

/// How this start logs.
log_settings logging(const log_settings& file, const process_start& start);

/// sd_notify(3): what tells a restart in place from a stop.
std::string reloading();

/// What the process is to do next.
enum class ending : std::uint8_t { exit, start_anew };

/// The whole program behind the command line: it wires the modules, starts, reloads and stops them
/// in order.
class daemon final : private lifecycle, private service_observer {
public:
    /// `left`: what another one left that had these settings.
    daemon(boost::asio::io_context& context, config::configuration settings, process_start start,
           state_directory state, inheritance left = {});
    ~daemon() override;

    /// Drains are read first, then the control socket and the BGP listeners open, then checks and
    /// sessions begin. The error is a line for people.
    std::expected<void, std::string> start();
    /// What goes on where another program was takes the configuration that is read by now, after
    /// start(). The error is a line for people; all is as before then.
    std::expected<void, std::string> take_over(config::load_result loaded);
    /// Returns once it was stopped by a signal, or is to be started anew, and connections have been
    /// flushed and closed.
    ending run();

private:
    // lifecycle
    const config::configuration& settings() const override { return settings_; }
    const std::string& config_file() const override { return start_.config_file; }
    void reload(bool dry_run, control::reply_to<control::reload_view> reply) override;
    void restart(control::restart_request request,
                 control::reply_to<control::restart_view> reply) override;

    // service_observer
    void service_changed(managed_service& which) override;
    void check_ran(const managed_service& which, const health::check& check, bool changed) override;
    void drain_expired(managed_service& which, const service::drain& drain) override;
    bool drained_by_file(const managed_service& which) override;
    void drain_file_gone(const std::string& service) override { file_claims_.erase(service); }

    std::expected<control::reload_view, control::refusal> apply_file(config::load_result loaded,
                                                                     bool dry_run);
    std::vector<std::string> drains_left_by(const config::configuration& next) const;
    control::refusal reload_refused(control::refusal why, bool dry_run);
    std::expected<void, std::string> apply(config::configuration next);
    void listen_as_before();
    void exclude_next_hops();

    /// A restart that was asked for.
    struct restart_attempt {
        restart_attempt(boost::asio::io_context& context, bool with_reset,
                        control::reply_to<control::restart_view> tell)
            : reset(with_reset)
            , reply(std::move(tell))
            , timer(context) {}

        bool reset;
        control::reply_to<control::restart_view> reply; // null: it was given
        boost::asio::steady_timer timer;
        std::chrono::steady_clock::time_point deadline; // of the step
        std::vector<prospect> prospects;
    };

    inheritance leave();
    void rehearsed(std::expected<rehearsal_report, std::string> how);
    bool is_quiet() const;
    void await_quiet();
    void say_farewell();
    void await_clients();
    void hand_over();
    void call_off(const std::string& why);

    void signalled(int signal);
    void begin_stop(ending next, const std::string& why);
    void end_sessions();
    std::string stuck_check() const;
    std::expected<void, std::string> listen();

    boost::asio::io_context& context_;
    config::configuration settings_;
    process_start start_;
    state_directory state_;
    reporter reporter_;
    std::shared_ptr<peering::time_source> time_;
    std::shared_ptr<peering::links> links_;
    peering::speaker speaker_;
    neighbor_shutdowns neighbor_shutdowns_;
    managed_services services_;
    announcer announcer_;
    fleet_keeper fleet_;
    std::map<std::string, std::shared_ptr<fleet_claim>> file_claims_; // of drain files that wait
    control_adapter adapter_;
    control::server server_;
    lag_meter lag_meter_;
    signals signals_;
    watchdog watchdog_;
    config_reader config_reader_;
    inheritance left_; // until start()
    std::unique_ptr<restart_attempt> attempt_;
    bool stopping_ = false;
    ending next_ = ending::exit;
    std::string why_; // it stops
    bool sessions_ended_ = false;
};

} // namespace herald::daemon
