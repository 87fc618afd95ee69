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
    std::vector<drain_request> drains;
    std::vector<std::vector<std::string>> undrains;
    int restarts = 0;
    std::vector<std::string> complaints;
    std::vector<done> replies; // those not yet given
    mutable int looks = 0;     // calls of status()

    status_view status() const override {
        ++looks;
        return shown;
    }
    std::vector<route_view> routes(const std::string& neighbor) const override;
    void drain(drain_request request, done reply) override;
    void undrain(std::vector<std::string> services, done reply) override;
    void restart(done reply) override;
    void cannot_accept(const std::string& why) override { complaints.push_back(why); }

private:
    void set_administration(const std::vector<std::string>& services, std::string_view to);
    std::expected<void, refusal> check(const std::vector<std::string>& services) const;
    void give(done reply, std::expected<void, refusal> result);
};

} // namespace herald::control::test
