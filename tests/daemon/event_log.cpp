#include "herald/daemon/event_log.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace herald::daemon;
using herald::control::event_view;

namespace {

/// What was told, without the times.
struct told {
    std::vector<event_view> events;
    event_log book{[this](const event_view& event) {
        events.push_back(event);
        events.back().time = {};
    }};
};

} // namespace

TEST_CASE("event_log: a start, a stop and a restart are told with what caused them") {
    told here;
    here.book.started();
    here.book.stopping("heraldd was stopped by SIGTERM", false);
    here.book.stopping("heraldd restarts", true);
    CHECK(here.events ==
          std::vector<event_view>{{.type = "start"},
                                  {.type = "stop", .cause = "heraldd was stopped by SIGTERM"},
                                  {.type = "restart", .cause = "heraldd restarts"}});
}

TEST_CASE("event_log: a refused configuration is told and counted; the time is a valid one's") {
    told here;
    here.book.started();
    const auto first = here.book.measured().last_reload;
    CHECK(here.book.measured().reload_success);
    here.book.reloaded(std::unexpected("f:1:1: no TOML"));
    CHECK_FALSE(here.book.measured().reload_success);
    CHECK(here.book.measured().last_reload == first);
    here.book.reloaded({});
    CHECK(here.book.measured().reload_success);
    CHECK(here.book.measured().last_reload > first);
    CHECK(here.events ==
          std::vector<event_view>{{.type = "start"},
                                  {.type = "reload", .to = "refused", .cause = "f:1:1: no TOML"},
                                  {.type = "reload", .to = "applied"}});
}

TEST_CASE("event_log: the last 100 events are kept, oldest first") {
    told here;
    for (int i = 0; i < 150; ++i)
        here.book.stopping(fmt::format("{}", i), false);
    const auto kept = here.book.recent();
    REQUIRE(kept.size() == 100);
    CHECK(kept.front().cause == "50");
    CHECK(kept.back().cause == "149");
    CHECK(here.events.size() == 150);
}

TEST_CASE("event_log: measurements are in the histogram that they are for") {
    using namespace std::chrono_literals;
    told here;
    here.book.reacted(40us);
    here.book.acknowledged(2ms);
    here.book.woke_late(3us);
    const auto sum = [](const auto& histogram) { return histogram.sum(); };
    CHECK(sum(here.book.measured().reaction) == doctest::Approx(40e-6));
    CHECK(sum(here.book.measured().withdraw_ack) == doctest::Approx(2e-3));
    CHECK(sum(here.book.measured().loop_lag) == doctest::Approx(3e-6));
}

TEST_CASE("event_log: what the configuration no longer has is not counted any more") {
    using namespace herald;
    told here;
    for (const auto* service : {"dns", "web"})
        for (const auto* check : {"one", "two"})
            here.book.check_ran({.service = service, .check = check});
    for (const auto* service : {"dns", "web"})
        here.book.service_changed({.service = service, .health = service::health_state::up});
    config::configuration left;
    left.services.emplace_back().service.name = "dns";
    left.services.front().checks.emplace_back().name = "two";
    here.book.forget_all_but(left);
    const auto& counted = here.book.measured();
    CHECK(counted.checks.size() == 1);
    CHECK(counted.checks.contains({"dns", "two"}));
    CHECK(counted.service_transitions == std::map<std::string, std::uint64_t>{{"dns", 1}});
    CHECK(here.book.recent().size() == 2);
}
