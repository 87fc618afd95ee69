#pragma once

#include "herald/daemon/drain_book.hpp"
#include "herald/daemon/drain_files.hpp"
#include "herald/daemon/managed_service.hpp"
#include "herald/daemon/service_addresses.hpp"
#include "herald/peering/speaker.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace herald::daemon {

/// All services with their drains and addresses, by name. A pointer to one is good until the loop
/// turns: a reload may take the service away.
class managed_services final : private service_observer {
public:
    using list = std::vector<std::unique_ptr<managed_service>>;

    /// What has to last is kept in the directory `state`.
    managed_services(boost::asio::any_io_executor executor, const std::filesystem::path& state,
                     const std::vector<config::service_entry>& entries, peering::speaker& speaker,
                     service_observer& observer);

    /// Reads the drains, and finds the addresses. The error is a line for people.
    std::expected<void, std::string> load();
    /// Takes up the drains and begins the checks.
    void start();
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
    /// After neighbors were told of it: adds, or lets go of, the service's addresses.
    void announced(const std::string& name);

    /// Drains these services, or ends the operator's drains of them: on disk first, then in force,
    /// then `tell` is told. With an error nothing has changed.
    void drain(const std::vector<std::string>& names, const service::stored_drain& drain,
               drain_book::outcome tell);
    void undrain(const std::vector<std::string>& names, drain_book::outcome tell);

private:
    void service_changed(managed_service& which) override { observer_.service_changed(which); }
    void check_ran(const managed_service& which, const health::check& check,
                   bool changed) override {
        observer_.check_ran(which, check, changed);
    }
    void drain_expired(managed_service& which, const service::stored_drain& drain) override;

    void add(std::unique_ptr<managed_service> service);
    void enforce_drains(const std::vector<std::string>& names);
    void take_up_drain(managed_service& service);

    boost::asio::any_io_executor executor_;
    service_observer& observer_;
    drain_book drains_;
    list services_;
    std::map<std::string, managed_service*, std::less<>> by_name_;
    drain_files drain_files_;
    service_addresses addresses_;
};

} // namespace herald::daemon
