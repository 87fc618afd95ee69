#pragma once

#include "herald/daemon/drain_end.hpp"
#include "herald/daemon/drain_files.hpp"
#include "herald/daemon/managed_service.hpp"
#include "herald/daemon/service_addresses.hpp"
#include "herald/peering/speaker.hpp"
#include "herald/service/stored_drains.hpp"
#include "herald/service/stored_hold_down.hpp"
#include "herald/service/stored_map.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace herald::daemon {

/// All services with their drains and addresses, by name. A pointer to one is good until the loop
/// turns: a reload may take the service away.
class managed_services final : private service_observer {
public:
    using list = std::vector<std::unique_ptr<managed_service>>;
    using outcome = service::stored_map<service::drain>::outcome;

    /// What has to last is kept in the directory `state`.
    managed_services(boost::asio::any_io_executor executor, const std::filesystem::path& state,
                     const std::vector<config::service_entry>& entries, peering::speaker& speaker,
                     service_observer& observer, std::function<clock_reading()> clock = read_clock);

    /// Reads drains and hold-downs, and finds the addresses. The error is a line for people.
    std::expected<void, std::string> load();
    /// Takes up drains and hold-downs, and begins the checks. Services in `left` go on from there.
    void start(const std::map<std::string, managed_service_snapshot>& left = {});
    /// Those that are at work.
    std::map<std::string, managed_service_snapshot> snapshot() const;
    /// Ends the runs of all checks, which count for nothing, and begins none until release().
    void hold();
    void release();
    /// Whether nothing is being stored, added or removed.
    bool idle() const { return drains_.idle() && hold_downs_.idle() && addresses_.idle(); }
    /// Ends the checks; what neighbors hear stays as it is.
    void stop();
    /// After the sessions have ended; see service_addresses::stop().
    void stop_addresses(bool for_good) { addresses_.stop(for_good); }

    /// As in the configuration.
    const list& all() const { return services_; }
    /// Null: there is none of this name.
    managed_service* find(std::string_view name) const;

    /// Whether services with these settings can be had. The error is a line for people.
    std::expected<void, std::string> prepare(const std::vector<config::service_entry>& next) {
        return addresses_.prepare(next);
    }
    /// Takes these settings: those of a service that there is already are changed, and it goes on.
    void change(const std::vector<config::service_entry>& next);
    /// After neighbors were told of the change: lets go of addresses that `before` had.
    void let_go_of(const std::vector<config::service_entry>& before) {
        addresses_.services_changed(before);
    }
    /// After neighbors were told of a service's change: adds, or lets go of, its addresses, and
    /// keeps its hold-down.
    void announced(const std::string& name);

    /// Drains these services, or ends the operator's drains of them: on disk first, then in force,
    /// then `tell` is told. With an error nothing has changed.
    void drain(const std::vector<std::string>& names, const service::drain& drain, outcome tell);
    void undrain(const std::vector<std::string>& names, outcome tell);

    /// Its drain file is there, and it may go.
    void drain_by_file(const std::string& name);

    /// Whose drains are kept though there is no such service: it was renamed, maybe.
    std::vector<std::string> orphaned_drains() const;
    /// Of the services that are there, those that the operator has drained.
    std::vector<std::string> drained() const;

private:
    void service_changed(managed_service& which) override { observer_.service_changed(which); }
    void check_ran(const managed_service& which, const health::check& check,
                   bool changed) override {
        observer_.check_ran(which, check, changed);
    }
    void drain_expired(managed_service& which, const service::drain& drain) override;
    bool drained_by_file(const managed_service& which) override {
        return observer_.drained_by_file(which);
    }
    void drain_file_gone(const std::string& service) override {
        observer_.drain_file_gone(service);
    }

    void add(std::unique_ptr<managed_service> service);
    void begin(const std::vector<managed_service*>& services);
    void look_for_drain_files();
    void drain_file_seen(const std::string& name, bool is_there);
    void start_in_spite_of_files();
    void enforce_drains(const std::vector<std::string>& names);
    void take_up_drain(managed_service& service);
    void resume(managed_service& service, const managed_service_snapshot& from);
    void await_clock();
    void judge_ends_again();
    void keep_hold_downs();

    boost::asio::any_io_executor executor_;
    service_observer& observer_;
    std::function<clock_reading()> clock_;
    service::stored_map<service::drain> drains_;
    std::map<std::string, service::drain> provisional_; // as in force, with another end
    boost::asio::steady_timer clock_timer_;
    service::stored_map<service::stored_hold_down> hold_downs_;
    std::set<std::string> changed_hold_downs_; // services, until they are on their way to the disk
    bool keeping_hold_downs_ = false;
    list services_;
    std::map<std::string, managed_service*, std::less<>> by_name_;
    drain_files drain_files_;
    std::set<std::string> not_started_; // services whose drain file is still looked for
    boost::asio::steady_timer start_timer_;
    service_addresses addresses_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace herald::daemon
