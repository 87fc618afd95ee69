#pragma once

#include "herald/config/configuration.hpp"
#include "herald/control/operations.hpp"
#include "herald/daemon/announcer.hpp"
#include "herald/daemon/fleet_keeper.hpp"
#include "herald/daemon/managed_services.hpp"
#include "herald/daemon/neighbor_shutdowns.hpp"
#include "herald/daemon/reporter.hpp"
#include "herald/peering/speaker.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::daemon {

/// What the control socket can ask of the process as a whole.
class lifecycle {
public:
    virtual ~lifecycle() = default;
    /// As it is in force.
    virtual const config::configuration& settings() const = 0;
    virtual const std::string& config_file() const = 0;
    /// See control::operations.
    virtual void reload(bool dry_run, control::reply_to<control::reload_view> reply) = 0;
    virtual void restart(control::restart_request request,
                         control::reply_to<control::restart_view> reply) = 0;
};

/// Answers the control socket: makes views of the modules' states, and hands them what operators
/// ask for.
class control_adapter final : public control::operations {
public:
    control_adapter(lifecycle& process, managed_services& services, announcer& announcer,
                    peering::speaker& speaker, neighbor_shutdowns& shutdowns, fleet_keeper& fleet,
                    reporter& reporter)
        : process_(process)
        , services_(services)
        , announcer_(announcer)
        , speaker_(speaker)
        , shutdowns_(shutdowns)
        , fleet_(fleet)
        , reporter_(reporter) {}

    control::status_view status() const override;
    std::vector<std::string> neighbor_names() const override;
    std::vector<std::string> service_names() const override;
    std::vector<control::check_name> check_names() const override;
    std::optional<control::neighbor_view> neighbor(const std::string& name) const override;
    std::optional<control::service_view> service(const std::string& name) const override;
    std::optional<control::check_view> check(const control::check_name& which) const override;
    std::expected<std::vector<control::route_view>, control::refusal>
    routes(const std::string& neighbor, const std::string& after, std::size_t most) const override;
    const control::measurements& measured() const override;
    std::vector<control::event_view> recent_events() const override;
    std::expected<control::explain_view, control::refusal>
    explain(const std::string& prefix) const override;
    control::fleet_view fleet() const override;
    std::shared_ptr<void> drain(const control::caller& who, control::drain_request request,
                                control::done reply) override;
    void change_fleet(const control::caller& who, control::fleet_request request,
                      control::done reply) override;
    void undrain(const control::caller& who, control::undrain_request request,
                 control::done reply) override;
    void change_neighbor(const control::caller& who, control::neighbor_request request,
                         control::done reply) override;
    void reload(const control::caller& who, control::reload_request request,
                control::reply_to<control::reload_view> reply) override;
    std::expected<void, control::refusal>
    set_log_level(const control::caller& who, const control::log_request& request) override;
    void restart(const control::caller& who, control::restart_request request,
                 control::reply_to<control::restart_view> reply) override;
    std::expected<void, control::refusal> report(const control::caller& who,
                                                 const control::report_request& request) override;
    void cannot_accept(const std::string& why) override;
    void reader_dropped() override;

private:
    std::expected<std::vector<std::string>, control::refusal>
    names_of(const std::vector<std::string>& asked, std::vector<std::string> others = {}) const;
    void record(const control::caller& who, control::event_view command,
                const std::vector<std::string>& services);
    managed_services::outcome when_stored(control::done reply);

    lifecycle& process_;
    managed_services& services_;
    announcer& announcer_;
    peering::speaker& speaker_;
    neighbor_shutdowns& shutdowns_;
    fleet_keeper& fleet_;
    reporter& reporter_;
};

} // namespace herald::daemon
