#include "herald/daemon/managed_service.hpp"

#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;
using enum service::drain_source;

namespace {

/// Writes down each change: health, administration, what is heard, cause.
struct recorder final : service_observer {
    void service_changed(managed_service& which) override {
        lines.push_back(fmt::format("{} {} {}: {}", service::to_string(which.health()),
                                    service::to_string(which.administration()),
                                    net::to_string(which.heard()), which.cause().text));
        reasons.push_back(which.cause().reason);
    }
    void check_ran(const managed_service&, const health::check&, bool) override {}
    void drain_expired(managed_service&, const service::drain&) override {
        lines.emplace_back("expired");
    }
    bool drained_by_file(const managed_service&) override { return true; }
    void drain_file_gone(const std::string&) override {}

    std::vector<std::string> lines;
    std::vector<std::string> reasons;
};

config::service_entry dns(std::vector<health::check_settings> checks = {}) {
    config::service_entry entry;
    entry.service.name = "dns";
    entry.service.drain_time = 20ms;
    entry.service.hold_down = 0s;
    entry.checks = std::move(checks);
    return entry;
}

health::check_settings exec(const std::string& program) {
    health::check_settings settings;
    settings.name = "run";
    settings.interval = settings.fast_interval = 10ms;
    settings.rise = settings.fall = 1;
    settings.probe = health::exec_settings{{program}, {}};
    return settings;
}

service::drain drain_now() {
    service::drain drain;
    drain.since = std::chrono::system_clock::now();
    drain.reason = "update";
    return drain;
}

service::drain drained_by(const std::string& file) {
    service::drain drain;
    drain.since = std::chrono::system_clock::now();
    drain.by = file;
    return drain;
}

struct bench {
    boost::asio::io_context context;
    recorder seen;
    managed_service service;

    explicit bench(config::service_entry entry)
        : service(context.get_executor(), std::move(entry), seen) {}
    bool until(std::size_t lines) {
        return test::run_until(context, [&] { return seen.lines.size() >= lines; });
    }
};

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("managed_service: without checks it is up as soon as it starts") {
    bench b(dns());
    b.service.start();
    CHECK(b.seen.lines == lines{"up active normal: no checks"});
    CHECK(b.seen.reasons == lines{"no_checks"});
}

TEST_CASE("managed_service: its addresses are missing until it is told that they are there") {
    auto entry = dns();
    entry.service.addresses = {boost::asio::ip::make_address("192.0.2.53")};
    bench b(entry);
    b.service.start();
    b.service.set_missing_addresses({});
    auto next = entry;
    next.service.addresses.push_back(boost::asio::ip::make_address("192.0.2.54"));
    b.service.change(next, {});
    CHECK(b.seen.lines == lines{"up active none: address 192.0.2.53 is on no interface",
                                "up active normal: all its addresses are there"});
    CHECK(b.seen.reasons == lines{"address_missing", "no_checks"});
}

TEST_CASE("managed_service: a check that settles changes the health, with what it said") {
    bench b(dns({exec("/bin/true")}));
    b.service.start();
    CHECK(b.seen.lines.empty());
    REQUIRE(b.until(1));
    CHECK(b.seen.lines == lines{"up active normal: check run passed"});
    CHECK(b.seen.reasons == lines{"checks_passed"});
}

TEST_CASE("managed_service: while a check has not settled, that is the cause") {
    auto push = exec("unused");
    push.probe = health::push_settings{};
    bench b(dns({push}));
    b.service.start();
    CHECK(b.service.cause() == service_cause{"starting", "check run has not settled"});
}

TEST_CASE("managed_service: the cause is what keeps it as it is, not what happened last") {
    std::vector<health::check_settings> checks;
    for (const auto* name : {"resolve", "port", "cache"}) {
        checks.push_back(exec("unused"));
        checks.back().name = name;
        checks.back().probe = health::push_settings{};
    }
    checks[0].fall = 2;
    checks[2].degrades_only = true;
    bench b(dns(std::move(checks)));
    b.service.start();
    using health::verdict;
    const auto report = [&](std::size_t check, verdict outcome, const std::string& output) {
        REQUIRE(b.service.checks().at(check)->report({outcome, {}, output}));
    };
    report(0, verdict::pass, "");
    report(1, verdict::pass, "");
    report(2, verdict::fail, "cold");
    CHECK(b.service.cause() == service_cause{"check_degraded", "check cache failed: cold"});
    report(1, verdict::degraded, "slow");
    CHECK(b.service.cause().text == "check port is degraded: slow; check cache failed: cold");
    report(1, verdict::pass, "fast");
    CHECK(b.service.cause().text == "check cache failed: cold");
    report(0, verdict::fail, "SERVFAIL");
    report(0, verdict::fail, "timeout");
    CHECK(b.service.cause() == service_cause{"check_failed", "check resolve failed: timeout"});
    report(1, verdict::fail, "refused");
    CHECK(b.service.cause().text == "check resolve failed: timeout; check port failed: refused");
}

TEST_CASE("managed_service: a run that went better does not hide why the check has failed") {
    auto push = exec("unused");
    push.probe = health::push_settings{};
    push.rise = 2;
    bench b(dns({push}));
    b.service.start();
    const auto& check = b.service.checks().front();
    check->report({health::verdict::fail, {}, "refused"});
    check->report({health::verdict::pass, {}, "fine"});
    CHECK(b.service.cause() == service_cause{"check_failed", "check run failed: refused"});
    check->report({health::verdict::pass, {}, "fine"});
    CHECK(b.service.cause() == service_cause{"checks_passed", "check run passed: fine"});
}

TEST_CASE("managed_service: a hold-down of an earlier program goes on") {
    auto entry = dns({exec("/bin/true")});
    entry.service.hold_down = 1h;
    entry.service.hold_down_max = 1h;
    bench b(std::move(entry));
    CHECK_FALSE(b.service.stored_hold_down());
    const auto until = std::chrono::system_clock::now() + 500ms;
    b.service.restore_hold_down({2, until, until});
    b.service.start();
    CHECK(b.service.health() == service::health_state::down);
    CHECK(b.service.cause() == service_cause{"held_down", "held down for 1 s more after 2 flaps"});
    REQUIRE(b.service.stored_hold_down());
    CHECK(b.service.stored_hold_down()->flaps == 2);
    CHECK(std::chrono::abs(b.service.stored_hold_down()->until - until) < 100ms);
    REQUIRE(b.until(2));
    CHECK(b.seen.lines.back().starts_with("up active normal: "));
    CHECK(std::chrono::system_clock::now() >= until);
}

TEST_CASE("managed_service: a program that is not there has failed, and could not run") {
    bench b(dns({exec("/nonexistent/check")}));
    b.service.start();
    REQUIRE(b.until(1));
    REQUIRE(b.seen.lines.size() == 1);
    CHECK(b.seen.lines[0].starts_with("down active none: check run could not run: "));
}

TEST_CASE("managed_service: a drain passes through draining to drained, and undrain ends it") {
    bench b(dns());
    b.service.start();
    b.service.drain(by_operator, drain_now());
    REQUIRE(b.until(3));
    b.service.undrain(by_operator);
    CHECK(b.seen.lines == lines{"up active normal: no checks",
                                "up draining draining: drained by the operator: update",
                                "up drained none: drained by the operator: update",
                                "up active normal: undrained by the operator"});
}

TEST_CASE("managed_service: a drain that began before a restart does not begin anew") {
    bench b(dns());
    auto drain = drain_now();
    drain.since -= 1h;
    b.service.drain(by_operator, drain);
    b.service.start();
    CHECK(b.seen.lines == lines{"up drained none: drained by the operator: update"});
}

TEST_CASE("managed_service: a drain with an end ends by itself") {
    bench b(dns());
    b.service.start();
    auto drain = drain_now();
    drain.immediate = true;
    drain.until = drain.since + 20ms;
    b.service.drain(by_operator, drain);
    REQUIRE(b.until(4));
    CHECK(b.seen.lines == lines{"up active normal: no checks",
                                "up drained none: drained by the operator: update",
                                "up active normal: the drain has ended", "expired"});
}

TEST_CASE("managed_service: a drain that is there at the start has no draining") {
    bench b(dns());
    b.service.drain(by_file, drained_by("/run/maintenance"));
    b.service.start();
    CHECK(b.seen.lines == lines{"up drained none: drained by the file /run/maintenance"});
}

TEST_CASE("managed_service: it says who keeps it drained, and is back when nobody does") {
    bench b(dns());
    b.service.start();
    auto drain = drain_now();
    drain.by = "alice";
    drain.immediate = true;
    b.service.drain(by_operator, drain);
    b.service.drain(by_file, drained_by("/run/maintenance"));
    CHECK(b.service.cause().text ==
          "drained by alice: update; drained by the file /run/maintenance");
    b.service.undrain(by_operator);
    CHECK(b.service.cause().text == "drained by the file /run/maintenance");
    CHECK(b.service.current_drains().size() == 1);
    b.service.undrain(by_file);
    CHECK(b.seen.lines == lines{"up active normal: no checks",
                                "up drained none: drained by alice: update",
                                "up active normal: the drain file is gone"});
}

TEST_CASE("managed_service: it is held down, says for how long, and comes back by itself") {
    test::temporary_directory directory;
    const auto sign = directory.path() / "healthy";
    std::ofstream(sign).put('x');
    auto entry = dns({exec("/usr/bin/test")});
    std::get<health::exec_settings>(entry.checks[0].probe).command = {"/usr/bin/test", "-e", sign};
    entry.service.hold_down = 300ms;
    entry.service.hold_down_max = 1h;
    bench b(std::move(entry));
    b.service.start();
    REQUIRE(b.until(1));
    std::filesystem::remove(sign);
    REQUIRE(b.until(2));
    REQUIRE(b.service.holding());
    std::ofstream(sign).put('x');
    REQUIRE(test::run_until(b.context, [&] { return b.service.held_down(); }));
    CHECK(b.service.cause().text == "held down for 1 s more after 1 flap");
    REQUIRE(b.until(3));
    CHECK_FALSE(b.service.holding());
    CHECK(b.seen.lines == lines{"up active normal: check run passed",
                                "down active none: check run failed: exit status 1",
                                "up active normal: the hold-down is over"});
}

TEST_CASE("managed_service: without one of its addresses it is not announced, and says so") {
    bench b(dns());
    const auto address = boost::asio::ip::make_address("192.0.2.53");
    b.service.set_missing_addresses({address});
    b.service.start();
    CHECK(b.service.heard_with_addresses() == net::announcement::normal);
    b.service.set_missing_addresses({});
    b.service.set_missing_addresses({address});
    CHECK(b.seen.lines == lines{"up active none: address 192.0.2.53 is on no interface",
                                "up active normal: all its addresses are there",
                                "up active none: address 192.0.2.53 is on no interface"});
}

TEST_CASE("managed_service: what the program before held stays so until its guard is asked") {
    auto entry = dns({exec("/bin/false")});
    entry.guard.keep = 1U;
    bench before(entry);
    bench after(entry);
    before.service.start();
    CHECK(before.until(1));
    auto held = *before.service.snapshot();
    held.heard = net::announcement::held;
    after.service.resume(held);
    CHECK(after.service.heard() == net::announcement::held);
    CHECK(after.seen.lines.empty());
    after.service.set_permitted(true, "");
    CHECK(after.service.heard() == net::announcement::none);
}
