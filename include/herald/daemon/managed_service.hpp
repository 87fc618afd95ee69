#pragma once

#include "herald/config/configuration.hpp"
#include "herald/health/check.hpp"
#include "herald/net/announcement.hpp"
#include "herald/service/service_state.hpp"
#include "herald/service/stored_drains.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
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
    /// The time of this drain by the operator is over: it has ended.
    virtual void drain_expired(managed_service& which, const service::drain& drain) = 0;
    /// Its drain file is there. False: it is drained later, by managed_services::drain_by_file().
    virtual bool drained_by_file(const managed_service& which) = 0;
    /// It is not drained by its file, which is not there.
    virtual void drain_file_gone(const std::string& service) = 0;
};

/// Why a service is in its state.
struct service_cause {
    /// For programs, and never renamed: the code of the first of the reasons in the text. One of
    /// guard_refused (it is held), check_failed, check_degraded, starting (its checks have not
    /// settled), held_down, address_missing, drained; of a service that nothing is wrong with,
    /// checks_passed or no_checks.
    std::string reason;
    std::string text; // for people, one line
    friend bool operator==(const service_cause&, const service_cause&) = default;
};

/// A service at work, for the program that takes this one's place.
struct managed_service_snapshot {
    service::service_state_snapshot state;
    std::map<std::string, health::check_snapshot> checks; // by name
    std::map<std::string, std::string> complaints;        // likewise
    service::health_state health = service::health_state::unknown;
    service::administration administration = service::administration::active;
    net::announcement heard = net::announcement::none;
    std::chrono::system_clock::time_point since;
    std::string event; // that led to the state
    friend bool operator==(const managed_service_snapshot&,
                           const managed_service_snapshot&) = default;
};

/// A service at work: its checks, its state, and the clock of its drains. Its addresses are missing
/// until it is told of them.
class managed_service {
public:
    managed_service(boost::asio::any_io_executor executor, config::service_entry settings,
                    service_observer& observer);

    void start();
    /// Goes on where another one was, with the same settings: what is different by now is told.
    void resume(const managed_service_snapshot& from);
    /// None before start().
    std::optional<managed_service_snapshot> snapshot() const;
    /// Ends the runs of its checks, which count for nothing, and begins none until release().
    void hold();
    void release();
    /// Ends all checks; the state stays as it is.
    void stop();

    /// Takes other settings of the same service. Checks that are as before go on; one that is new
    /// or changed counts as the service stands until it has settled, so that a change of checks
    /// alone changes nothing that neighbors hear. `missing`: as in set_missing_addresses().
    void change(config::service_entry settings, std::vector<boost::asio::ip::address> missing);

    /// One that is given before start() is immediate: nothing is announced yet.
    void drain(service::drain_source source, const service::drain& drain);
    void undrain(service::drain_source source);
    /// Which of the service's addresses are on no interface.
    void set_missing_addresses(std::vector<boost::asio::ip::address> missing);
    /// Whether it may be taken away when it is down; if not, why, in a line for people.
    void set_permitted(bool permitted, std::string why_not);
    /// Whether a check that can take it down fails, be it that the verdict is still a pass.
    bool is_failing() const;

    const config::service_entry& settings() const { return settings_; }
    const std::string& name() const { return settings_.service.name; }
    const std::vector<std::unique_ptr<health::check>>& checks() const { return checks_; }
    const service::service_state::drains& current_drains() const { return state_.current_drains(); }
    const std::vector<boost::asio::ip::address>& missing_addresses() const { return missing_; }

    service::health_state health() const { return health_; }
    service::administration administration() const { return administration_; }
    net::announcement heard() const { return heard_; }
    /// What would be heard if its addresses were all there.
    net::announcement heard_with_addresses() const;
    /// While it is held down, whether or not its checks would have it down too.
    std::optional<service::hold_down> holding() const;
    bool held_down() const;
    /// What a restart must not forget of flaps and hold-down; none when there is nothing. It
    /// changes only with the service's state.
    std::optional<service::stored_hold_down> stored_hold_down() const;
    /// Goes on with it; before start().
    void restore_hold_down(const service::stored_hold_down& stored);
    /// When the state last changed, and what keeps it as it is: all that is wrong with it, or, when
    /// nothing is, what happened last.
    std::chrono::system_clock::time_point since() const { return since_; }
    service_cause cause() const;
    /// The same, but for what the fleet has to do with it.
    service_cause own_cause() const;
    /// While service_changed is called over a check's verdict: when that settled.
    std::optional<std::chrono::steady_clock::time_point> verdict_settled() const {
        return verdict_settled_;
    }

private:
    void check_ran(const health::check& check, bool changed);
    std::unique_ptr<health::check> make_check(const health::check_settings& settings);
    void update(const std::string& event);
    void schedule();
    void time_has_come();
    std::string held_down_text() const;
    std::string standing_text(std::size_t check) const;
    std::vector<service_cause> wrong_with_health() const;

    boost::asio::any_io_executor executor_;
    config::service_entry settings_;
    service_observer& observer_;
    service::service_state state_;
    std::vector<std::unique_ptr<health::check>> checks_;
    std::vector<boost::asio::ip::address> missing_;
    boost::asio::steady_timer timer_;
    std::uint64_t generation_ = 0;
    bool started_ = false;

    service::health_state health_ = service::health_state::unknown;
    service::administration administration_ = service::administration::active;
    net::announcement heard_ = net::announcement::none;
    std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
    std::string event_ = "starting"; // that led to the state
    std::string why_not_permitted_;
    /// By check: what the last result said that agreed with a settled verdict other than a pass.
    std::map<std::string, std::string> complaints_;
    std::optional<std::chrono::steady_clock::time_point> verdict_settled_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

/// "failed: timed out" …: a check's last result in one line.
std::string describe(const health::check& check);
/// "drained by alice: kernel update", "drained by the file /run/maintenance".
std::string describe(service::drain_source source, const service::drain& drain);

/// Whether a check's run should have begun or ended so long ago that it will not.
bool is_stuck(const health::check_status& status, std::chrono::steady_clock::time_point now);

} // namespace herald::daemon
