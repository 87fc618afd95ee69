#pragma once

#include "herald/config/configuration.hpp"
#include "herald/health/check.hpp"
#include "herald/net/announcement.hpp"
#include "herald/service/drain_store.hpp"
#include "herald/service/service_state.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::daemon {

class managed_service;

/// Who is told of a service's changes, in the turn of the loop in which they happen.
class service_observer {
public:
    virtual ~service_observer() = default;
    /// Health, administration or what neighbors hear has changed.
    virtual void service_changed(managed_service& which) = 0;
    /// A check ran; `changed` when its settled verdict did. Comes before service_changed.
    virtual void check_ran(const managed_service& which, const health::check& check,
                           bool changed) = 0;
    /// A drain's time is over: it has ended.
    virtual void drain_expired(managed_service& which) = 0;
};

/// A service at work: its checks, its state, and the clock of its drain.
class managed_service {
public:
    managed_service(boost::asio::any_io_executor executor, config::service_entry settings,
                    service_observer& observer);

    void start();
    /// Ends all checks; the state stays as it is.
    void stop();

    /// Takes other settings of the same service. Checks that are as before go on; one that is new
    /// or changed counts as the service stands until it has settled, so that a change of checks
    /// alone changes nothing that neighbors hear.
    void change(config::service_entry settings);

    void drain(const service::stored_drain& drain);
    void undrain();

    const config::service_entry& settings() const { return settings_; }
    const std::string& name() const { return settings_.service.name; }
    const std::vector<std::unique_ptr<health::check>>& checks() const { return checks_; }
    const std::optional<service::stored_drain>& current_drain() const { return stored_drain_; }

    service::health_state health() const { return health_; }
    service::administration administration() const { return administration_; }
    net::announcement heard() const { return heard_; }
    /// When the state last changed, and why, in one line.
    std::chrono::system_clock::time_point since() const { return since_; }
    const std::string& cause() const { return cause_; }

private:
    void check_ran(const health::check& check, bool changed);
    std::unique_ptr<health::check> make_check(const health::check_settings& settings);
    std::optional<health::verdict> presumed() const;
    void update(const std::string& cause);
    void schedule();

    boost::asio::any_io_executor executor_;
    config::service_entry settings_;
    service_observer& observer_;
    service::service_state state_;
    std::vector<std::unique_ptr<health::check>> checks_;
    std::optional<service::stored_drain> stored_drain_;
    boost::asio::steady_timer timer_;
    std::uint64_t generation_ = 0;

    service::health_state health_ = service::health_state::unknown;
    service::administration administration_ = service::administration::active;
    net::announcement heard_ = net::announcement::none;
    std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
    std::string cause_ = "starting";
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

/// "failed: timed out" …: a check's last result in one line.
std::string describe(const health::check& check);

/// Whether a check's run should have begun or ended so long ago that it will not.
bool is_stuck(const health::check_status& status, std::chrono::steady_clock::time_point now);

} // namespace herald::daemon
