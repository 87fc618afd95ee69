// heraldctl drain and undrain, against the real server with a daemon that is not.
#include "lively.hpp"
#include "sample_json.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <pwd.h>
#include <unistd.h>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;

namespace {

/// Who runs this.
std::string user() {
    return ::getpwuid(::getuid())->pw_name;
}

} // namespace

TEST_CASE("heraldctl drain and undrain: ask for what the command line says") {
    lively here;
    CHECK(here.run({"drain", "dns", "--reason", "new \"disk\"", "--for", "10m", "--now"}) ==
          printed("dns: drained\n"));
    CHECK(here.run({"drain", "--all"}) == printed("dns: draining\nweb: draining\n"));
    CHECK(here.run({"undrain", "web", "dns"}) == printed("dns: active\nweb: active\n"));
    CHECK(here.run({"undrain", "--all"}) == printed("dns: active\nweb: active\n"));
    here.on_loop([&] {
        CHECK(here.daemon.drains ==
              std::vector<drain_request>{{{"dns"}, "new \"disk\"", 10min, true},
                                         {{}, "", {}, false}});
        CHECK(here.daemon.undrains == std::vector<undrain_request>{{{"web", "dns"}}, {}});
        CHECK(here.daemon.callers.front() == caller{.uid = ::getuid(), .by = user()});
    });
}

TEST_CASE("heraldctl drain: says who asks, also behind sudo") {
    world here;
    CHECK(heraldctl({"--socket", here.socket().native(), "drain", "dns"}, {"SUDO_USER=alice"}) ==
          printed("dns: draining\n"));
    here.on_loop(
        [&] { CHECK(here.daemon.callers.back() == caller{.uid = ::getuid(), .by = "alice"}); });
}

TEST_CASE("heraldctl undrain: says who keeps a service drained") {
    lively here;
    here.on_loop([&] {
        here.daemon.shown.services[0].drains = {
            {"operator", "alice", "", here.now, {}, false},
            {"file", "/run/maintenance", "", here.now, {}, false},
        };
    });
    CHECK(here.run({"undrain", "dns"}) == printed("dns: active, by the file /run/maintenance\n"));
}

TEST_CASE("heraldctl drain: several services are one request, refused as a whole") {
    lively here;
    CHECK(here.run({"drain", "dns", "mail"}) ==
          ran{1, "", "heraldctl: there is no service \"mail\"\n"});
    CHECK(here.run({"drain", "dns", "web"}) == printed("dns: draining\nweb: draining\n"));
    here.on_loop([&] {
        CHECK(here.daemon.shown.services[0].administration == "draining");
        CHECK(here.daemon.drains.back() == drain_request{{"dns", "web"}, "", {}, false});
    });
}

TEST_CASE("heraldctl drain --wait: returns once the withdrawal is acknowledged") {
    lively here;
    here.on_loop([&] {
        auto& service = here.daemon.shown.services[0];
        service.announced_to.clear();
        service.acknowledged = true;
    });
    CHECK(here.run({"drain", "dns", "--wait"}) == printed("dns: draining\ndns: withdrawn\n"));
}

TEST_CASE("heraldctl drain --wait: a withdrawal that does not come is status 1") {
    lively here;
    CHECK(here.run({"drain", "dns", "--wait", "--timeout", "50ms"}) ==
          ran{1, "dns: draining\n", "heraldctl: not withdrawn within 50ms: dns\n"});
}

TEST_CASE("heraldctl drain --wait: waits no longer than the drain lasts") {
    lively here;
    CHECK(here.run({"drain", "dns", "--wait", "--for", "50ms"}) ==
          ran{1, "dns: draining\n", "heraldctl: not withdrawn within 50ms: dns\n"});
}
