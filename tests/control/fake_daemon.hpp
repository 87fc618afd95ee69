#pragma once

#include "herald/control/operations.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace herald::control::test {

/// Two neighbors, of which one is down, and two services, of which one has a failed check. Times
/// are whole numbers of seconds before `now`.
status_view sample(wall_time now);
std::vector<route_view> sample_routes();

/// 2025-01-31T12:00:00.250Z
wall_time fixed_now();

/// Answers with what it was given, and notes what was asked.
class fake_daemon : public operations {
public:
    status_view shown = sample(fixed_now());
    std::vector<route_view> announced = sample_routes();
    bool answer_later = false;
    bool queues = false; // drains
    int places = 0;      // that they have in the queue
    std::vector<drain_request> drains;
    std::vector<undrain_request> undrains;
    std::vector<neighbor_request> neighbor_requests;
    std::vector<fleet_request> fleet_requests;
    std::vector<reload_request> reloads;
    std::expected<reload_view, refusal> reloaded = reload_view{};
    std::vector<std::string> levels;
    int restarts = 0;
    std::vector<caller> callers; // of all commands
    std::vector<std::string> complaints;
    std::vector<report_request> reports;
    std::vector<done> replies; // those not yet given
    measurements counted;
    std::vector<event_view> events;
    int dropped = 0;            // readers of events
    mutable int looks = 0;      // at a neighbor, a service, or everything
    std::shared_ptr<void> kept; // the place of the last drain, if the test wants it kept
    bool begins = false;

    status_view status() const override {
        ++looks;
        return shown;
    }
    std::vector<std::string> neighbor_names() const override;
    std::vector<std::string> service_names() const override;
    std::vector<check_name> check_names() const override;
    std::optional<neighbor_view> neighbor(const std::string& name) const override;
    std::optional<service_view> service(const std::string& name) const override;
    std::optional<check_view> check(const check_name& which) const override;
    std::expected<std::vector<route_view>, refusal>
    routes(const std::string& neighbor, const std::string& after, std::size_t most) const override;
    const measurements& measured() const override { return counted; }
    std::vector<event_view> recent_events() const override { return events; }
    fleet_view fleet() const override { return shown.fleet.value_or(fleet_view{}); }
    std::shared_ptr<void> drain(const caller& who, drain_request request, done reply) override;
    void change_fleet(const caller& who, fleet_request request, done reply) override;
    void undrain(const caller& who, undrain_request request, done reply) override;
    std::expected<explain_view, refusal> explain(const std::string& prefix) const override;
    void change_neighbor(const caller& who, neighbor_request request, done reply) override;
    void reload(const caller& who, reload_request request, reply_to<reload_view> reply) override;
    std::expected<void, refusal> set_log_level(const caller& who,
                                               const log_request& request) override;
    void restart(const caller& who, restart_request request, reply_to<restart_view> reply) override;
    void cannot_accept(const std::string& why) override { complaints.push_back(why); }
    std::expected<void, refusal> report(const caller& who, const report_request& request) override;
    void reader_dropped() override { ++dropped; }

private:
    void set_administration(const std::vector<std::string>& services, std::string_view to);
    std::expected<void, refusal> find(const std::vector<std::string>& services) const;
    void give(done reply, std::expected<void, refusal> result);
    void give(reply_to<restart_view> reply, restart_view result);
};

} // namespace herald::control::test
