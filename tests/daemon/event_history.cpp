#include "herald/daemon/event_history.hpp"

#include "herald/daemon/event_log.hpp"
#include "tests/support/json_places.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <limits>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

/// Of a log to which everything has happened.
event_history full() {
    event_log log([](const control::event_view&) {});
    log.started();
    log.reloaded(std::unexpected("f:1:1: no TOML\n\xFF"));
    log.commanded({.service = "dns", .to = "drain", .uid = 1000, .by = "me"});
    log.check_ran({.service = "dns",
                   .check = "query",
                   .result = control::run_result::timeout,
                   .duration = 123456789ns,
                   .settled = health::verdict::fail,
                   .changed = true,
                   .text = "failed: timed out"});
    log.service_changed({"dns", service::health_state::down, service::administration::draining,
                         net::announcement::draining, "query failed"});
    log.reacted(1234567ns);
    log.acknowledged(30s);
    log.woke_late(1ns);
    auto history = log.history();
    const control::event_view::kind kind{"received", 6, 2};
    history.events.push_back({.type = "notification", .neighbor = "r1", .notification = kind});
    history.measured.notifications[{"r1", "received", 6, 2}] =
        std::numeric_limits<std::uint64_t>::max();
    return history;
}

std::string fault_of(const json::value& value) {
    const auto read = history_from_json(value);
    return read ? "nothing" : read.error();
}

event_history carried(const event_history& from) {
    const auto read = history_from_json(json::parse(json::serialize(to_json(from))));
    REQUIRE_MESSAGE(read.has_value(), read.error());
    return *read;
}

} // namespace

TEST_CASE("event_history: what a log keeps comes back from JSON") {
    CHECK(carried({}) == event_history());
    const auto history = full();
    CHECK(history.events.size() == 7);
    CHECK(carried(history) == history);
}

TEST_CASE("event_history: what is missing or not as it has to be is told with its place") {
    const auto places = herald::test::check_every_place(to_json(full()), fault_of);
    CHECK(places.size() > 100);
    CHECK(places.contains("measured.checks[0].runs.timeout"));
    CHECK(places.contains("events[6].notification.subcode"));
}

TEST_CASE("event_history: what is out of range is told with its place") {
    const auto fault = [](std::string_view pointer, const json::value& value) {
        json::value document = to_json(full());
        document.at_pointer(pointer) = value;
        return fault_of(document);
    };
    CHECK(fault("/measured/loop_lag/counts", json::array(19, 1)) ==
          "measured.loop_lag.counts: it has fewer counts than there are buckets");
    CHECK(fault("/measured/loop_lag/counts", json::array(21, 1)) ==
          "measured.loop_lag.counts: it has more than 20 elements");
    CHECK(fault("/measured/loop_lag/sum", "-1") ==
          "measured.loop_lag.sum: it is not a number from 0 on");
    CHECK(fault("/checks/0/recent", "x") == "checks[0].recent: it has a letter that is no result");
    CHECK(fault("/services/0/health", "well") ==
          "services[0].health: it is not one of the known names");
    CHECK(fault("/events/0/cause", json::string(65537, 'x')) ==
          "events[0].cause: it is longer than 65536 octets");
    CHECK(fault("/events", json::array(10001)) == "events: it has more than 10000 elements");
}

TEST_CASE("event_history: a text that is too long is handed over as far as it may be long") {
    auto history = full();
    history.events[0].cause = std::string(70000, 'x');
    CHECK(carried(history).events[0].cause == std::string(65536, 'x'));
}

TEST_CASE("event_log: one that goes on from a history counts on, and keeps no more than it would") {
    auto history = full();
    for (int i = 0; i < 200; ++i)
        history.events.push_back({.type = "stop", .cause = fmt::format("{}", i)});
    history.checks.at({"dns", "query"}).recent = std::string(100, 'p');
    event_log log([](const control::event_view&) {});
    log.resume(history);
    log.started();
    log.check_ran({.service = "dns", .check = "query", .settled = health::verdict::fail});
    CHECK(log.history().started == history.started);
    CHECK(log.recent().size() == 100);
    CHECK(log.recent().front().cause == "101");
    CHECK(log.recent().back().type == "start");
    const auto& counts = log.measured().checks.at({"dns", "query"});
    CHECK(counts.runs.at(control::run_result::timeout) == 1);
    CHECK(counts.runs.at(control::run_result::pass) == 1);
    CHECK(log.history().checks.at({"dns", "query"}).recent == std::string(60, 'p'));
    CHECK(log.history().checks.at({"dns", "query"}).state == "fail");
}
