// A service at work that is down and may not go.
#include "herald/daemon/managed_service.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

/// Writes down what is heard after each change, and why.
struct listener final : service_observer {
    void service_changed(managed_service& which) override {
        heard.push_back(fmt::format("{} {}: {}", net::to_string(which.heard()),
                                    which.cause().reason, which.cause().text));
    }
    void check_ran(const managed_service&, const health::check&, bool) override {}
    void drain_expired(managed_service&, const service::drain&) override {}
    bool drained_by_file(const managed_service&) override { return true; }
    void drain_file_gone(const std::string&) override {}

    lines heard;
};

config::service_entry reported() {
    config::service_entry entry;
    entry.service.name = "dns";
    entry.service.hold_down = 1h;
    entry.service.hold_down_max = 1h;
    health::check_settings check;
    check.name = "run";
    check.rise = 1;
    check.fall = 2;
    check.probe = health::push_settings{};
    entry.checks = {check};
    return entry;
}

struct at_work {
    boost::asio::io_context context;
    listener seen;
    managed_service service{context.get_executor(), reported(), seen};

    void report(health::verdict outcome, const std::string& output = "") {
        REQUIRE(service.checks().front()->report({outcome, {}, output}));
    }
    void fail(const std::string& output) {
        report(health::verdict::fail, output);
        report(health::verdict::fail, output);
    }
    /// Announced, then down without a permit.
    void be_held() {
        service.start();
        report(health::verdict::pass);
        service.set_permitted(false, "no permit yet");
        fail("refused");
        REQUIRE(service.heard() == net::announcement::held);
        seen.heard.clear();
    }
};

} // namespace

TEST_CASE("managed_service: one that is held says so first, and what is wrong with it") {
    at_work dns;
    dns.service.start();
    dns.report(health::verdict::pass);
    dns.service.set_permitted(false, "no permit yet");
    dns.fail("refused");
    CHECK(dns.seen.heard ==
          lines{"normal checks_passed: check run passed",
                "held guard_refused: held: no permit yet; check run failed: refused"});
    CHECK(dns.service.own_cause() == service_cause{"check_failed", "check run failed: refused"});
    CHECK_FALSE(dns.service.holding());
}

TEST_CASE("managed_service: why it is held is shown as it is now, without an event") {
    at_work dns;
    dns.be_held();
    const auto since = dns.service.since();
    dns.service.set_permitted(false, "0 announced elsewhere, 1 must stay");
    CHECK(dns.service.cause() ==
          service_cause{"guard_refused", "held: 0 announced elsewhere, 1 must stay; check run "
                                         "failed: refused"});
    CHECK(dns.seen.heard.empty());
    CHECK(dns.service.since() == since);
}

TEST_CASE("managed_service: a permit takes it away at once, and holds it down") {
    at_work dns;
    dns.be_held();
    dns.service.set_permitted(true, "");
    CHECK(dns.seen.heard == lines{"none check_failed: check run failed: refused"});
    REQUIRE(dns.service.holding());
    CHECK(dns.service.stored_hold_down()->flaps == 1);
}

TEST_CASE("managed_service: one that was held is announced as soon as it is well") {
    at_work dns;
    dns.be_held();
    dns.report(health::verdict::pass);
    CHECK(dns.seen.heard == lines{"normal checks_passed: check run passed"});
    CHECK_FALSE(dns.service.stored_hold_down());
}

TEST_CASE("managed_service: it is failing from the first result on that is a failure") {
    at_work dns;
    dns.service.start();
    CHECK_FALSE(dns.service.is_failing());
    dns.report(health::verdict::pass);
    CHECK_FALSE(dns.service.is_failing());
    dns.report(health::verdict::fail);
    CHECK(dns.service.is_failing());
    CHECK(dns.service.health() == service::health_state::up);
    dns.report(health::verdict::degraded);
    CHECK_FALSE(dns.service.is_failing());
}

TEST_CASE("managed_service: what a check says that only degrades is no failing") {
    auto entry = reported();
    entry.checks.front().degrades_only = true;
    boost::asio::io_context context;
    listener seen;
    managed_service service(context.get_executor(), entry, seen);
    service.start();
    REQUIRE(service.checks().front()->report({health::verdict::fail, {}, ""}));
    CHECK_FALSE(service.is_failing());
}

TEST_CASE("managed_service: a program that goes on with one that is held holds it, too") {
    at_work dns;
    dns.be_held();
    at_work next;
    next.service.resume(*dns.service.snapshot());
    CHECK(next.seen.heard.empty());
    CHECK(next.service.heard() == net::announcement::held);
    CHECK(next.service.cause() ==
          service_cause{"guard_refused", "held: no permit yet; check run failed: refused"});
    next.service.set_permitted(true, "");
    CHECK(next.seen.heard == lines{"none check_failed: check run failed: refused"});
}
