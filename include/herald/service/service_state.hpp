#pragma once

#include "herald/health/hysteresis.hpp"
#include "herald/net/announcement.hpp"
#include "herald/service/drain.hpp"
#include "herald/service/hold_down.hpp"
#include "herald/service/service_settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herald::service {

enum class health_state : std::uint8_t { unknown, up, degraded, down };
enum class administration : std::uint8_t { active, draining, drained };

std::string_view to_string(health_state value);
std::string_view to_string(administration value);

/// What a service_state was told, for another one with the same settings and checks.
struct service_state_snapshot {
    /// From the first of the drains in force.
    struct stage {
        time_point since;
        bool immediate = false;
        friend bool operator==(const stage&, const stage&) = default;
    };

    std::vector<std::optional<health::verdict>> verdicts; // one a check
    std::map<drain_source, drain> drains;
    std::map<drain_source, time_point> drain_ends; // of those that end by themselves
    std::optional<stage> draining;                 // since the first of the drains in force
    hold_down_snapshot hold_down;
    bool settled = false; // health was once not unknown
    friend bool operator==(const service_state_snapshot&, const service_state_snapshot&) = default;
};

/// One service's state: a function of its checks' settled verdicts, its drains, its addresses and
/// the time. Pure: the time is given, and next_change() says when it matters again.
class service_state {
public:
    using drains = std::map<drain_source, drain>;

    /// `degrades_only`: one element a check, true if its failing only degrades the service.
    service_state(service_settings settings, std::vector<bool> degrades_only);

    service_state_snapshot snapshot() const;
    /// Goes on with what another one was told; its settings and checks were these.
    void resume(const service_state_snapshot& from);

    /// Takes other settings and checks, with their verdicts as far as they are known. A check whose
    /// verdict is not known counts as the service stands. What it was told of drains stays, and
    /// health that was once known is not unknown again.
    void change(service_settings settings, std::vector<bool> degrades_only,
                std::vector<std::optional<health::verdict>> verdicts);
    /// The settled verdict of the check at `index`.
    void set_verdict(std::size_t index, health::verdict verdict, time_point now);
    /// Goes on with the hold-down of an earlier program: what was held down is not unknown but
    /// down.
    void restore_hold_down(const stored_hold_down& stored, const moment& now);
    /// Replaces the source's drain that is in force, whose start stays. A 'draining' that began, by
    /// whomever, goes on from its start and what is drained stays so; an immediate drain ends the
    /// 'draining'. While nothing is heard there is none: users need not be led away. `begun`: false
    /// before the service is at work, when nothing is heard whatever its state.
    void set_drain(drain_source source, drain drain, const moment& now, bool begun = true);
    void clear_drain(drain_source source);
    const drains& current_drains() const { return drains_; }
    /// Forgets drains whose time is over, and returns them.
    std::vector<drain> expire_drains(time_point now);
    /// Whether an address of the service is on no interface: nothing is heard then.
    void set_address_missing(bool missing) { address_missing_ = missing; }
    /// Whether the service may be taken away when it is down. If not, it is held: what is announced
    /// stays so, and the hold-down is for what goes.
    void set_permitted(bool permitted, time_point now);
    /// What neighbors hear since: only what is announced can be held.
    void told(net::announcement heard) { announced_ = heard != net::announcement::none; }

    const service_settings& settings() const { return settings_; }
    /// By the checks alone. Of those that can take the service down, `require` must pass (up) or at
    /// least not fail (degraded, as when any other check does not pass); down as soon as that
    /// cannot be reached any more. While that is open, or whether it is degraded, it is unknown;
    /// once it was decided it is the worse of the two then.
    health_state checked_health() const;
    /// The same, but down while it is held down.
    health_state health(time_point now) const;
    /// While the checks do not have the service down, but the hold-down does.
    bool held_down(time_point now) const;
    /// The checks that keep it from being any better: those that have it down or degraded, or that
    /// it waits for.
    std::vector<std::size_t> deciding_checks() const;
    const hold_down& holding() const { return hold_down_; }
    administration administration_at(time_point now) const;
    /// The contract's table: what neighbors hear.
    net::announcement heard(time_point now) const;
    /// The same, were all addresses there.
    net::announcement heard_with_addresses(time_point now) const;
    /// When this changes by itself: 'draining' ends, a drain does, or the hold-down.
    std::optional<time_point> next_change(time_point now) const;

private:
    using stage = service_state_snapshot::stage;

    /// The checks, counted by what they say.
    struct tally {
        unsigned required = 0; // of those that can take the service down; so are the next three
        unsigned passing = 0;
        unsigned usable = 0;     // passing or degraded
        unsigned open = 0;       // not settled
        bool impaired = false;   // a check that only degrades does not pass
        bool may_impair = false; // and one of those has not settled
    };

    tally count() const;
    health_state by_verdicts() const;
    bool is_drained_by_any(time_point now) const;
    bool in_force(drain_source source, time_point now) const;
    bool is_held() const { return announced_ && !permitted_ && !settings_.deprefer_when_down; }

    service_settings settings_;
    std::vector<bool> degrades_only_;
    std::vector<std::optional<health::verdict>> verdicts_;
    drains drains_;
    std::map<drain_source, time_point> drain_ends_; // of those that end by themselves
    std::optional<stage> stage_;
    hold_down hold_down_;
    bool address_missing_ = false;
    bool permitted_ = true;
    bool announced_ = false;
    bool settled_ = false; // health was once not unknown
};

} // namespace herald::service
