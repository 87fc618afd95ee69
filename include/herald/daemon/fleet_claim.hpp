#pragma once

#include "herald/fleet/guard.hpp"

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::daemon {

/// Where permits are asked for.
class claim_office {
public:
    virtual ~claim_office() = default;
    /// None: no more.
    virtual void want(const std::string& service, std::optional<fleet::need::drain> drain) = 0;
    virtual const fleet::guard* guard_of(const std::string& service) const = 0;
};

/// Permits to drain services, which are asked for in the order of their names, so that no two nodes
/// ever wait for each other. Whoever has it keeps it until the drains are in force; letting it go
/// before gives up what was had.
class fleet_claim {
public:
    /// All are had; or the service that has none, and why.
    struct denied {
        std::string service;
        std::string why; // a line for people
        bool store_lost = false;
    };
    using outcome = std::function<void(std::expected<void, denied>)>;

    fleet_claim(claim_office& office, std::weak_ptr<const bool> is_open,
                std::vector<std::string> services, fleet::need::drain what, outcome tell);
    ~fleet_claim();
    fleet_claim(const fleet_claim&) = delete;
    fleet_claim& operator=(const fleet_claim&) = delete;

    /// Asks for the next one, as far as the guards have decided.
    void go_on();
    /// The guard of a service may have decided.
    void look_at(const std::string& service);

private:
    void end(std::expected<void, denied> how);

    claim_office& office_;
    std::weak_ptr<const bool> is_open_; // expired: the office is gone
    std::vector<std::string> services_;
    fleet::need::drain what_;
    outcome tell_; // null: it was told
    std::size_t asked_ = 0;
    bool going_on_ = false;
};

} // namespace herald::daemon
