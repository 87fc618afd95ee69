// A service that is down, and that the fleet cannot spare.
#include "herald/service/service_state.hpp"

#include <doctest/doctest.h>

namespace herald::service {
namespace {

using namespace std::chrono_literals;
using health::verdict;
using net::announcement;
using enum drain_source;

constexpr time_point begin{1h};

service_settings guarded() {
    service_settings settings;
    settings.name = "dns";
    settings.drain_time = 10s;
    settings.hold_down = 30s;
    settings.hold_down_max = 1h;
    return settings;
}

drain drain_at(time_point since, bool immediate = false) {
    drain made;
    made.since = wall_time(since.time_since_epoch());
    made.immediate = immediate;
    return made;
}

/// With one check. After each step neighbors hear what there is to hear, which is returned.
struct told_service {
    service_state state;
    time_point now = begin;

    explicit told_service(service_settings settings = guarded())
        : state(std::move(settings), {false}) {}

    announcement tell() {
        const auto heard = state.heard(now);
        state.told(heard);
        return heard;
    }
    announcement settle(verdict value) {
        state.set_verdict(0, value, now);
        return tell();
    }
    announcement permit(bool permitted) {
        state.set_permitted(permitted, now);
        return tell();
    }
    announcement miss_address(bool missing) {
        state.set_address_missing(missing);
        return tell();
    }
    announcement wait(std::chrono::milliseconds time) {
        now += time;
        return tell();
    }
    announcement drain(bool immediate = false) {
        state.set_drain(by_operator, drain_at(now, immediate),
                        {now, wall_time(now.time_since_epoch())});
        return tell();
    }
    announcement undrain() {
        state.clear_drain(by_operator);
        return tell();
    }
    /// Announced, then down without a permit.
    void hold() {
        settle(verdict::pass);
        permit(false);
        REQUIRE(settle(verdict::fail) == announcement::held);
    }
    unsigned flaps() const { return state.holding().flaps(now); }
};

TEST_CASE("held: a service that is announced and may not go is held when it is down") {
    told_service dns;
    CHECK(dns.settle(verdict::pass) == announcement::normal);
    CHECK(dns.permit(false) == announcement::normal);
    CHECK(dns.settle(verdict::fail) == announcement::held);
    CHECK(dns.state.health(dns.now) == health_state::down);
    CHECK(dns.wait(1h) == announcement::held);
    CHECK_FALSE(dns.state.next_change(dns.now));
}

TEST_CASE("held: what is degraded or well is heard as if there were no guard") {
    told_service dns;
    dns.permit(false);
    CHECK(dns.settle(verdict::degraded) == announcement::degraded);
    CHECK(dns.drain() == announcement::draining);
    CHECK(dns.wait(10s) == announcement::none);
    CHECK(dns.undrain() == announcement::degraded);
}

TEST_CASE("held: a service that nobody heard of is not held") {
    told_service dns;
    dns.permit(false);
    CHECK(dns.tell() == announcement::none);
    CHECK(dns.settle(verdict::fail) == announcement::none);
    SUBCASE("nor is one that was down before its guard had a say") {
        told_service gone;
        gone.settle(verdict::pass);
        CHECK(gone.settle(verdict::fail) == announcement::none);
        CHECK(gone.permit(false) == announcement::none);
    }
    SUBCASE("nor one that was drained") {
        told_service drained;
        drained.settle(verdict::pass);
        drained.permit(false);
        CHECK(drained.drain(true) == announcement::none);
        drained.settle(verdict::fail);
        CHECK(drained.undrain() == announcement::none);
    }
}

TEST_CASE("held: with deprefer a service stays announced anyway, and is not held") {
    auto settings = guarded();
    settings.deprefer_when_down = true;
    told_service dns(settings);
    dns.settle(verdict::pass);
    dns.permit(false);
    CHECK(dns.settle(verdict::fail) == announcement::down);
    CHECK(dns.flaps() == 1);
    CHECK(dns.permit(true) == announcement::down);
    CHECK(dns.flaps() == 1);
}

TEST_CASE("held: a permit takes it away, and only then the hold-down begins") {
    told_service dns;
    dns.hold();
    CHECK(dns.flaps() == 0);
    dns.wait(5min);
    CHECK(dns.permit(true) == announcement::none);
    CHECK(dns.flaps() == 1);
    CHECK(dns.settle(verdict::pass) == announcement::none);
    CHECK(dns.state.next_change(dns.now) == dns.now + 30s);
    CHECK(dns.wait(30s) == announcement::normal);
}

TEST_CASE("held: a permit that is said again, or taken back, changes nothing that has gone") {
    told_service dns;
    dns.hold();
    dns.permit(true);
    CHECK(dns.permit(true) == announcement::none);
    CHECK(dns.permit(false) == announcement::none);
    CHECK(dns.permit(true) == announcement::none);
    CHECK(dns.flaps() == 1);
}

TEST_CASE("held: once it is well it is announced at once, for it was never gone") {
    told_service dns;
    dns.hold();
    CHECK(dns.settle(verdict::pass) == announcement::normal);
    CHECK(dns.settle(verdict::fail) == announcement::held);
    CHECK(dns.settle(verdict::degraded) == announcement::degraded);
    CHECK(dns.flaps() == 0);
    CHECK(dns.permit(true) == announcement::degraded);
    CHECK(dns.flaps() == 0);
}

TEST_CASE("held: a drain takes it away, in its time or at once, without a flap") {
    told_service dns;
    dns.hold();
    SUBCASE("in its time") {
        CHECK(dns.drain() == announcement::held);
        CHECK(dns.state.administration_at(dns.now) == administration::draining);
        CHECK(dns.wait(9s) == announcement::held);
        CHECK(dns.wait(1s) == announcement::none);
    }
    SUBCASE("at once") {
        CHECK(dns.drain(true) == announcement::none);
    }
    CHECK(dns.state.administration_at(dns.now) == administration::drained);
    CHECK(dns.permit(true) == announcement::none);
    CHECK(dns.flaps() == 0);
    CHECK(dns.undrain() == announcement::none); // it is still down
    CHECK(dns.settle(verdict::pass) == announcement::normal);
}

TEST_CASE("held: without an address it is gone, and stays so when the address is back") {
    told_service dns;
    dns.hold();
    CHECK(dns.miss_address(true) == announcement::none);
    CHECK(dns.miss_address(false) == announcement::none);
    CHECK(dns.flaps() == 0);
    CHECK(dns.settle(verdict::pass) == announcement::normal);
}

TEST_CASE("held: another program goes on with it once it knows what neighbors hear") {
    told_service dns;
    dns.hold();
    service_state next(guarded(), {false});
    next.resume(dns.state.snapshot());
    next.told(announcement::held);
    next.set_permitted(false, dns.now);
    CHECK(next.heard(dns.now) == announcement::held);
}

TEST_CASE("held: other settings leave it held, and deprefer ends that") {
    told_service dns;
    dns.hold();
    auto settings = guarded();
    settings.hold_down = 1min;
    dns.state.change(settings, {false}, {verdict::fail});
    CHECK(dns.tell() == announcement::held);
    settings.deprefer_when_down = true;
    dns.state.change(settings, {false}, {verdict::fail});
    CHECK(dns.tell() == announcement::down);
}

} // namespace
} // namespace herald::service
