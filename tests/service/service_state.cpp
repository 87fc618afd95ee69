#include "herald/service/service_state.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

namespace herald::service {
namespace {

using namespace std::chrono_literals;
using health::verdict;
using net::announcement;
using enum health_state;
using enum administration;
using enum drain_source;

constexpr time_point start{std::chrono::hours(1)};

service_settings requiring(std::optional<unsigned> require) {
    service_settings settings;
    settings.name = "dns";
    settings.require = require;
    settings.drain_time = 10s;
    settings.hold_down = 0s;
    return settings;
}

constexpr verdict verdict_of(bool passes) {
    return passes ? verdict::pass : verdict::fail;
}

/// By its checks: P pass, D degraded, F fail, - not settled; a small letter (p d f) and '.' for a
/// check that only degrades.
service_state state_of(std::optional<unsigned> require, const std::string& checks) {
    std::vector<bool> degrades_only;
    for (char check : checks)
        degrades_only.push_back(std::string("pdf.").contains(check));
    service_state state(requiring(require), degrades_only);
    for (std::size_t i = 0; i < checks.size(); ++i) {
        switch (checks[i]) {
        case 'P':
        case 'p': state.set_verdict(i, verdict::pass, start); break;
        case 'D':
        case 'd': state.set_verdict(i, verdict::degraded, start); break;
        case 'F':
        case 'f': state.set_verdict(i, verdict::fail, start); break;
        default: break;
        }
    }
    return state;
}

health_state health_of(std::optional<unsigned> require, const std::string& checks) {
    return state_of(require, checks).health(start);
}

struct row {
    std::optional<unsigned> require;
    std::string checks;
    health_state health;
};

void check_rows(const std::vector<row>& rows) {
    for (const auto& [require, checks, health] : rows) {
        CAPTURE(checks);
        CHECK(health_of(require, checks) == health);
    }
}

constexpr auto all = std::nullopt;

TEST_CASE("service: without checks it is up, whatever is required") {
    check_rows({{all, "", up}, {1, "", up}});
}

TEST_CASE("service: with all required, one failure is down and one degraded is degraded") {
    check_rows({
        {all, "P", up},
        {all, "PPP", up},
        {all, "PDP", degraded},
        {all, "DDD", degraded},
        {all, "PFP", down},
        {all, "DFD", down},
        {all, "F", down},
    });
}

TEST_CASE("service: until that is decided it is unknown, and down as soon as it is") {
    check_rows({
        {all, "-", unknown},
        {all, "PP-", unknown},
        {all, "DP-", unknown},
        {all, "F--", down},
        {all, "PF-", down},
        {1, "---", unknown},
        {1, "FF-", unknown},
        {1, "F-P", up},
        {1, "F-D", degraded},
        {2, "PP-", up},
        {2, "P--", unknown},
        {2, "FF-", down},
    });
}

TEST_CASE("service: with any or a number required, so many must pass, or at least not fail") {
    check_rows({
        {1, "PFF", up},
        {1, "DFF", degraded},
        {1, "DFP", up},
        {1, "FFF", down},
        {2, "PPF", up},
        {2, "PDF", degraded},
        {2, "DDF", degraded},
        {2, "PDP", up},
        {2, "PFF", down},
        {5, "PPP", up},
        {5, "PPF", down},
    });
}

TEST_CASE("service: a check that only degrades takes it no further, and counts for nothing else") {
    check_rows({
        {all, "Pf", degraded},
        {all, "Pd", degraded},
        {all, "Pp", up},
        {all, "f", degraded},
        {all, "p", up},
        {all, "Fp", down},
        {all, "Ff", down},
        {1, "Fp", down},
        {1, "PFf", degraded},
        {2, "PFp", down},
        {all, "-f", unknown},
        {all, "-p", unknown},
    });
}

TEST_CASE("service: it does not start as up before it is known whether it is degraded") {
    check_rows({
        {all, "P.", unknown},
        {all, "P.p", unknown},
        {all, ".", unknown},
        {1, "PF.", unknown},
        {all, "P.f", degraded},
        {all, "D.", degraded},
        {1, "D-", degraded},
        {all, "F.", down},
    });
}

TEST_CASE("service: a check that only degrades and has not settled never takes one down") {
    service_state state(requiring(all), {false, true});
    state.set_verdict(0, verdict::degraded, start);
    CHECK(state.health(start) == degraded);
    state.set_verdict(0, verdict::pass, start);
    CHECK(state.health(start) == degraded);
    state.set_verdict(1, verdict::pass, start);
    CHECK(state.health(start) == up);
}

TEST_CASE("service: the checks that decide are those that keep it from being better") {
    struct deciding {
        std::optional<unsigned> require;
        std::string checks;
        std::vector<std::size_t> wanted;
    };
    const std::vector<deciding> rows{
        {all, "PP", {}},  {all, "FP", {0}},     {all, "FPF", {0, 2}}, {all, "FDf", {0}},
        {all, "DP", {0}}, {all, "DPf", {0, 2}}, {all, "Pfd", {1, 2}}, {1, "PFf", {2}},
        {1, "PFp", {}},   {1, "DF", {0, 1}},    {1, "FF", {0, 1}},    {2, "PF-", {1, 2}},
        {all, "P-", {1}}, {all, "P-.", {1}},    {all, "P.p", {1}},    {all, "--", {0, 1}},
    };
    for (const auto& [require, checks, wanted] : rows) {
        CAPTURE(checks);
        CHECK(state_of(require, checks).deciding_checks() == wanted);
    }
}

TEST_CASE("service: after a change of checks, one that has not settled counts as it stands") {
    for (const bool is_up : {true, false}) {
        service_state state(requiring(all), {false});
        state.set_verdict(0, is_up ? verdict::pass : verdict::fail, start);
        const auto before = state.health(start);
        state.change(requiring(all), {false, false, true}, {verdict_of(is_up), {}, {}});
        CHECK(state.health(start) == before);
    }
    service_state open(requiring(all), {false});
    open.change(requiring(all), {false, true}, {});
    CHECK(open.health(start) == unknown);
}

TEST_CASE("service: once it was settled it is never unknown again") {
    service_state state(requiring(1), {false, false});
    CHECK(state.health(start) == unknown);
    state.set_verdict(0, verdict::pass, start);
    CHECK(state.health(start) == up);
    state.set_verdict(0, verdict::fail, start);
    CHECK(state.health(start) == down);
    state.set_verdict(1, verdict::pass, start);
    CHECK(state.health(start) == up);
}

void settle(service_state& state, health_state health) {
    switch (health) {
    case unknown: break;
    case up: state.set_verdict(0, verdict::pass, start); break;
    case health_state::degraded: state.set_verdict(0, verdict::degraded, start); break;
    case health_state::down: state.set_verdict(0, verdict::fail, start); break;
    }
    REQUIRE(state.health(start) == health);
}

/// The wall clock has its own idea of it.
constexpr moment at(time_point steady) {
    return {steady, wall_time(std::chrono::hours(500000)) + (steady - start)};
}

drain drained_since(time_point since, bool immediate = false) {
    return {.since = at(since).wall, .until = {}, .immediate = immediate, .reason = {}, .by = {}};
}

drain drained_until(time_point since, time_point until) {
    auto drain = drained_since(since);
    drain.until = at(until).wall;
    return drain;
}

/// A service of one check that is up.
service_state usable(bool deprefer = false) {
    auto settings = requiring(all);
    settings.deprefer_when_down = deprefer;
    service_state state(settings, {false});
    settle(state, up);
    return state;
}

TEST_CASE("service: what is heard of it, by every pair of administration and health") {
    struct cell {
        administration administered;
        health_state health;
        announcement on_withdraw;
        announcement on_deprefer;
    };
    using enum announcement;
    const std::vector<cell> table{
        {active, up, normal, normal},
        {active, health_state::degraded, announcement::degraded, announcement::degraded},
        {active, health_state::down, none, announcement::down},
        {administration::draining, up, announcement::draining, announcement::draining},
        {administration::draining, health_state::degraded, announcement::draining,
         announcement::draining},
        {administration::draining, health_state::down, none, announcement::down},
        {drained, up, none, none},
        {drained, health_state::degraded, none, none},
        {drained, health_state::down, none, none},
    };
    for (const auto& [administered, health, on_withdraw, on_deprefer] : table) {
        for (bool deprefer : {false, true}) {
            CAPTURE(to_string(administered));
            CAPTURE(to_string(health));
            auto state = usable(deprefer);
            if (administered != active)
                state.set_drain(by_operator, drained_since(start), at(start));
            settle(state, health);
            auto now = administered == drained ? start + 10s : start;
            CHECK(state.administration_at(now) == administered);
            CHECK(state.heard(now) == (deprefer ? on_deprefer : on_withdraw));
        }
    }
}

TEST_CASE("service: nothing is heard of it while its health is unknown, drained or not") {
    for (bool deprefer : {false, true}) {
        auto settings = requiring(all);
        settings.deprefer_when_down = deprefer;
        service_state state(settings, {false});
        CHECK(state.heard(start) == announcement::none);
        state.set_drain(by_operator, drained_since(start), at(start));
        CHECK(state.heard(start) == announcement::none);
        CHECK(state.heard(start + 10s) == announcement::none);
    }
}

TEST_CASE("service: nothing is heard of it while an address of its is missing") {
    auto state = usable(true);
    state.set_address_missing(true);
    CHECK(state.health(start) == up);
    CHECK(state.heard(start) == announcement::none);
    CHECK(state.heard_with_addresses(start) == announcement::normal);
    settle(state, health_state::down);
    CHECK(state.heard(start) == announcement::none);
    state.set_address_missing(false);
    CHECK(state.heard(start) == announcement::down);
}

TEST_CASE("drain: it is draining for the drain time, then drained") {
    service_state state(requiring(all), {});
    CHECK(state.administration_at(start) == active);
    CHECK(state.next_change(start) == std::nullopt);
    state.set_drain(by_operator, drained_since(start), at(start));
    CHECK(state.current_drains().at(by_operator) == drained_since(start));
    CHECK(state.administration_at(start) == draining);
    CHECK(state.next_change(start) == start + 10s);
    CHECK(state.administration_at(start + 10s - 1ns) == draining);
    CHECK(state.administration_at(start + 10s) == drained);
    CHECK(state.next_change(start + 10s) == std::nullopt);
    state.clear_drain(by_operator);
    CHECK(state.administration_at(start + 10s) == active);
    CHECK(state.current_drains().empty());
}

TEST_CASE("drain: undraining in mid-drain leaves nothing behind; the next one drains anew") {
    service_state state(requiring(all), {});
    state.set_drain(by_operator, drained_since(start), at(start));
    state.clear_drain(by_operator);
    CHECK(state.heard(start + 4s) == announcement::normal);
    CHECK(state.next_change(start + 4s) == std::nullopt);
    state.set_drain(by_operator, drained_since(start + 8s), at(start + 8s));
    CHECK(state.administration_at(start + 12s) == draining);
    CHECK(state.next_change(start + 12s) == start + 18s);
}

TEST_CASE("drain: an immediate one, or one without drain time, is drained at once") {
    service_state state(requiring(all), {});
    state.set_drain(by_operator, drained_since(start, true), at(start));
    CHECK(state.administration_at(start) == drained);
    CHECK(state.next_change(start) == std::nullopt);

    auto settings = requiring(all);
    settings.drain_time = 0s;
    service_state without_time(settings, {});
    without_time.set_drain(by_operator, drained_since(start), at(start));
    CHECK(without_time.administration_at(start) == drained);
    CHECK(without_time.next_change(start) == std::nullopt);
}

TEST_CASE("drain: of a service that is not announced, it is drained at once and stays away") {
    service_state unsettled(requiring(all), {false});
    auto failed = usable();
    settle(failed, health_state::down);
    for (auto* state : {&unsettled, &failed}) {
        state->set_drain(by_operator, drained_since(start), at(start));
        CHECK(state->administration_at(start) == drained);
        state->set_verdict(0, verdict::pass, start + 1s);
        CHECK(state->heard(start + 1s) == announcement::none);
        state->clear_drain(by_operator);
        CHECK(state->heard(start + 2s) == announcement::normal);
    }
}

TEST_CASE("drain: of a service that is down but announced, it has the two stages") {
    auto state = usable(true);
    settle(state, health_state::down);
    state.set_drain(by_operator, drained_since(start), at(start));
    CHECK(state.administration_at(start) == draining);
    CHECK(state.heard(start) == announcement::down);
    CHECK(state.heard(start + 10s) == announcement::none);
}

TEST_CASE("drain: it ends by itself if it has an end, be it while draining") {
    service_state state(requiring(all), {});
    state.set_drain(by_operator, drained_until(start, start + 60s), at(start));
    CHECK(state.next_change(start) == start + 10s);
    CHECK(state.next_change(start + 10s) == start + 60s);
    CHECK(state.expire_drains(start + 60s - 1ns).empty());
    CHECK(state.administration_at(start + 60s - 1ns) == drained);
    CHECK(state.administration_at(start + 60s) == active);
    CHECK(state.heard(start + 60s) == announcement::normal);
    CHECK(state.next_change(start + 60s) == std::nullopt);
    CHECK(state.expire_drains(start + 60s).size() == 1);
    CHECK(state.expire_drains(start + 60s).empty());
    CHECK(state.current_drains().empty());

    state.set_drain(by_operator, drained_until(start, start + 4s), at(start));
    CHECK(state.next_change(start) == start + 4s);
    CHECK(state.administration_at(start + 4s) == active);
}

TEST_CASE("drain: another one while draining takes its place and goes on from the first's start") {
    service_state state(requiring(all), {});
    state.set_drain(by_operator, drained_since(start), at(start));
    state.set_drain(by_operator, drained_until(start + 6s, start + 60s), at(start + 6s));
    CHECK(state.current_drains().at(by_operator) == drained_until(start, start + 60s));
    CHECK(state.next_change(start + 6s) == start + 10s);
}

TEST_CASE("drain: an immediate one while draining ends the draining") {
    service_state state(requiring(all), {});
    state.set_drain(by_operator, drained_since(start), at(start));
    state.set_drain(by_operator, drained_since(start + 6s, true), at(start + 6s));
    CHECK(state.current_drains().at(by_operator) == drained_since(start, true));
    CHECK(state.administration_at(start + 6s) == drained);
}

TEST_CASE("drain: another one while drained announces nothing again") {
    service_state state(requiring(all), {});
    state.set_drain(by_operator, drained_since(start), at(start));
    state.set_drain(by_operator, drained_since(start + 30s), at(start + 30s));
    CHECK(state.administration_at(start + 30s) == drained);

    service_state at_once(requiring(all), {});
    at_once.set_drain(by_operator, drained_since(start, true), at(start));
    at_once.set_drain(by_operator, drained_until(start + 1s, start + 60s), at(start + 1s));
    CHECK(at_once.administration_at(start + 1s) == drained);
    CHECK(at_once.current_drains().at(by_operator).until == at(start + 60s).wall);
}

TEST_CASE("drain: one that begins when the last is over drains anew") {
    service_state state(requiring(all), {});
    state.set_drain(by_operator, drained_until(start, start + 30s), at(start));
    state.set_drain(by_operator, drained_since(start + 30s), at(start + 30s));
    CHECK(state.administration_at(start + 30s) == draining);
    CHECK(state.next_change(start + 30s) == start + 40s);
}

TEST_CASE("drain: the operator's and the file's are apart, and the last to end ends it") {
    service_state state(requiring(all), {});
    state.set_drain(by_operator, drained_since(start), at(start));
    state.set_drain(by_file, drained_since(start + 6s), at(start + 6s));
    CHECK(state.current_drains().at(by_operator) == drained_since(start));
    CHECK(state.current_drains().at(by_file) == drained_since(start + 6s));
    CHECK(state.next_change(start + 6s) == start + 10s);

    SUBCASE("the operator's, when drained: nothing is announced again") {
        state.clear_drain(by_operator);
        CHECK(state.administration_at(start + 12s) == drained);
        state.clear_drain(by_file);
        CHECK(state.administration_at(start + 12s) == active);
    }
    SUBCASE("the operator's, while draining: that goes on from its start") {
        state.clear_drain(by_operator);
        CHECK(state.administration_at(start + 8s) == draining);
        CHECK(state.next_change(start + 8s) == start + 10s);
    }
    SUBCASE("the file's") {
        state.clear_drain(by_file);
        CHECK(state.administration_at(start + 12s) == drained);
        state.clear_drain(by_operator);
        CHECK(state.administration_at(start + 12s) == active);
    }
    SUBCASE("the operator's, by itself") {
        state.set_drain(by_operator, drained_until(start + 7s, start + 20s), at(start + 7s));
        CHECK(state.expire_drains(start + 20s).size() == 1);
        CHECK_FALSE(state.current_drains().contains(by_operator));
        CHECK(state.administration_at(start + 20s) == drained);
        CHECK(state.next_change(start + 20s) == std::nullopt);
    }
}

TEST_CASE("service: states have the contract's names") {
    CHECK(to_string(unknown) == "unknown");
    CHECK(to_string(up) == "up");
    CHECK(to_string(health_state::degraded) == "degraded");
    CHECK(to_string(health_state::down) == "down");
    CHECK(to_string(active) == "active");
    CHECK(to_string(administration::draining) == "draining");
    CHECK(to_string(drained) == "drained");
}

TEST_CASE("service_state: one that resumes is as the other was, then and whenever that changes") {
    auto settings = requiring(1);
    settings.hold_down = 20s;
    settings.hold_down_max = 60s;
    service_state state(settings, {false, false, true});
    const moment now{start, wall_time(start.time_since_epoch())};
    state.set_verdict(0, verdict::pass, start);
    state.set_verdict(2, verdict::degraded, start);
    state.set_verdict(0, verdict::fail, start + 1s);
    state.set_verdict(1, verdict::fail, start + 2s);
    state.set_verdict(1, verdict::pass, start + 3s);
    state.set_drain(by_file, {now.wall, std::nullopt, false, "", "/run/out"}, now);
    state.set_drain(by_operator, {now.wall, now.wall + 40s, false, "why", "alice"}, now);
    service_state heir(settings, {false, false, true});
    heir.resume(state.snapshot());
    CHECK(heir.snapshot() == state.snapshot());
    for (auto after = 3s; after < 120s; ++after) {
        CAPTURE(after.count());
        const auto at = start + after;
        CHECK(heir.health(at) == state.health(at));
        CHECK(heir.held_down(at) == state.held_down(at));
        CHECK(heir.administration_at(at) == state.administration_at(at));
        CHECK(heir.heard(at) == state.heard(at));
        CHECK(heir.next_change(at) == state.next_change(at));
        CHECK(heir.expire_drains(at) == state.expire_drains(at));
    }
    CHECK(heir.current_drains().size() == 1);
}

} // namespace
} // namespace herald::service
