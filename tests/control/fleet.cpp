// What the control socket and heraldctl say of the fleet, and do with it.
#include "answering.hpp"
#include "herald/control/request_body.hpp"
#include "lively.hpp"
#include "sample_json.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;

namespace {

using action = fleet_request::action;

/// Of two services; b is to drain dns next, c is gone.
fleet_view sample_fleet(wall_time now) {
    fleet_node_view a{.node = "madrid-1",
                      .site = "madrid",
                      .health = "up",
                      .heard = "normal",
                      .neighbors = 2,
                      .since = now - 42s,
                      .permit = {},
                      .cause = "check resolve passed",
                      .reason = "checks_passed",
                      .waits = false,
                      .stale = false};
    auto b = a;
    b.node = "oslo-1";
    b.site = "oslo";
    b.waits = true;
    auto c = a;
    c.node = "paris-1";
    c.site = "paris";
    c.health = "down";
    c.heard = "none";
    c.neighbors = 0;
    c.permit = permit_view{"drain", "alice", "new \"disk\"", now - 50s};
    c.cause = "drained by alice";
    c.reason = "drained";
    c.stale = true;
    return {.node = "madrid-1",
            .site = "madrid",
            .prefix = "/herald/",
            .reached = true,
            .present = true,
            .trouble = {},
            .services = {{"dns", {a, b, c}}, {"web", {a}}}};
}

response post_to(fake_daemon& daemon, std::string target, std::string body = "") {
    auto ready =
        answered({.method = "POST", .target = std::move(target), .body = std::move(body)}, daemon);
    ready.urgent = false;
    return ready;
}

response wrong(std::string_view detail) {
    return problem(400, "invalid_request", detail);
}

drain_request drain_of_dns() {
    drain_request request;
    request.services = {"dns"};
    return request;
}

std::string node_json(const std::string& node, const std::string& site, const std::string& more) {
    return R"({"node":")" + node + R"(","site":")" + site + R"(",)" + more + "}";
}

const std::string well = R"("health":"up","heard":"normal","neighbors":2,)"
                         R"("since":"2025-01-31T11:59:18.250Z","permit":null,)"
                         R"("cause":"check resolve passed","reason":"checks_passed",)";

const std::string fleet_json =
    R"({"node":"madrid-1","site":"madrid","prefix":"/herald/","reached":true,"present":true,)"
    R"("trouble":null,"services":[{"service":"dns","nodes":[)" +
    node_json("madrid-1", "madrid", well + R"("waits":false,"stale":false)") + "," +
    node_json("oslo-1", "oslo", well + R"("waits":true,"stale":false)") + "," +
    node_json("paris-1", "paris",
              R"("health":"down","heard":"none","neighbors":0,)"
              R"("since":"2025-01-31T11:59:18.250Z",)"
              R"("permit":{"reason":"drain","by":"alice","note":"new \"disk\"",)"
              R"("since":"2025-01-31T11:59:10.250Z"},)"
              R"("cause":"drained by alice","reason":"drained","waits":false,"stale":true)") +
    R"(]},{"service":"web","nodes":[)" +
    node_json("madrid-1", "madrid", well + R"("waits":false,"stale":false)") + "]}]}";

/// Asks for a drain in its turn, and comes back when the daemon has it.
void ask_in_turn(world& here, client& asking, const std::string& body) {
    here.on_loop([&] {
        here.daemon.answer_later = true;
        here.daemon.queues = true;
    });
    CHECK(asking.send(post("/v1/services/dns/drain", body)));
    CHECK(here.comes_true([&] { return here.daemon.replies.size() == 1; }));
}

/// Whether nothing has a place in the queue any more.
bool is_let_go(world& here) {
    return here.comes_true([&] { return here.daemon.places == 0; });
}

const std::string queue_timed_out = problem_answer(
    "504 Gateway Timeout",
    problem(504, "queue_timeout", "its turn did not come within 50ms, and nothing is drained")
        .body);

} // namespace

TEST_CASE("fleet: all of it is told as JSON, and of none too") {
    fake_daemon daemon;
    const request asked{.method = "GET", .target = "/v1/fleet"};
    CHECK(answered(asked, daemon).body ==
          R"({"node":"","site":"","prefix":"","reached":false,"present":false,"trouble":null,)"
          R"("services":[]})"
          "\n");
    daemon.shown.fleet = sample_fleet(fixed_now());
    CHECK(answered(asked, daemon) == response{.body = fleet_json + "\n"});
    daemon.shown.fleet->trouble = "etcd cannot be asked";
    CHECK(answered(asked, daemon).body.contains(R"("trouble":"etcd cannot be asked")"));
}

TEST_CASE("fleet: a node is released or forgotten by its path") {
    fake_daemon daemon;
    daemon.shown.fleet = sample_fleet(fixed_now());
    CHECK(post_to(daemon, "/v1/fleet/paris%2D1/release").body == fleet_json + "\n");
    CHECK(post_to(daemon, "/v1/fleet/b/forget", R"({"by":"alice"})").status == 200);
    CHECK(daemon.fleet_requests ==
          std::vector<fleet_request>{{action::release, "paris-1"}, {action::forget, "b"}});
    CHECK(daemon.callers == std::vector<caller>{{1000, ""}, {1000, "alice"}});
}

TEST_CASE("fleet: what else is asked of a node is refused, and not done") {
    fake_daemon daemon;
    const auto nothing = problem(404, "unknown_path", "there is nothing at this path");
    CHECK(post_to(daemon, "/v1/fleet/b/drain") == nothing);
    CHECK(post_to(daemon, "/v1/fleet/b") == nothing);
    CHECK(post_to(daemon, "/v1/fleet/b/release", R"({"force":true})") ==
          wrong("unknown member \"force\""));
    CHECK(post_to(daemon, "/v1/fleet/b/forget", "[]") == wrong("the body is not a JSON object"));
    CHECK(daemon.fleet_requests.empty());
}

TEST_CASE("drain: force, queue and timeout are read from the body") {
    auto expected = drain_of_dns();
    const auto asked_for = [](const std::string& body) {
        fake_daemon daemon;
        CHECK(post_to(daemon, "/v1/services/dns/drain", body).status == 200);
        return daemon.drains.at(0);
    };
    CHECK(expected.timeout == 24h);
    CHECK(asked_for(R"({"force":false,"queue":null,"timeout":null})") == expected);
    expected.timeout = 1500ms;
    CHECK(asked_for(R"({"timeout":1.5})") == expected);
    expected.queue = true;
    CHECK(asked_for(R"({"queue":true,"timeout":"1500ms"})") == expected);
    expected = drain_of_dns();
    expected.force = true;
    CHECK(asked_for(R"({"force":true,"queue":false})") == expected);
}

TEST_CASE("drain: force, queue and timeout, wrong one by one") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {R"({"force":1})", "\"force\" must be true or false"},
        {R"({"queue":"yes"})", "\"queue\" must be true or false"},
        {R"({"timeout":0})",
         "\"timeout\" must be seconds from 0.001 to 366 days, or a text such as \"10m\""},
        {R"({"timeout":"soon"})",
         "\"soon\" is not a duration such as \"500ms\", \"10m\" or \"1h30m\""},
        {R"({"force":true,"queue":true})", "\"force\" does not wait for what \"queue\" waits for"},
    };
    fake_daemon daemon;
    for (const auto& [body, detail] : rows) {
        CAPTURE(body);
        CHECK(post_to(daemon, "/v1/services/dns/drain", body) == wrong(detail));
    }
    CHECK(daemon.drains.empty());
}

TEST_CASE("drain: one in the queue is answered when it is done, however long that takes") {
    limits bounds;
    bounds.daemon = 1ms;
    world here{bounds};
    client asking{here.socket()};
    ask_in_turn(here, asking, R"({"queue":true})");
    here.on_loop([&] { here.daemon.replies[0]({}); });
    CHECK(asking.reply() == answer("200 OK", "application/json", dns_json("draining") + "\n"));
    CHECK(is_let_go(here));
}

TEST_CASE("drain: one whose client leaves, or closes its side, has no place any more") {
    world here;
    {
        client asking{here.socket()};
        ask_in_turn(here, asking, R"({"queue":true})");
        CHECK(here.on_loop([&] { return here.daemon.places; }) == 1);
        SUBCASE("leaves") {}
        SUBCASE("closes its side") {
            asking.finish_sending();
            CHECK(is_let_go(here));
        }
    }
    CHECK(is_let_go(here));
    here.on_loop([&] { here.daemon.replies[0]({}); });
    CHECK(exchange(here.socket(), get("/v1/services/web")).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("drain: one whose turn does not come in time has no place any more, and says so") {
    world here;
    client asking{here.socket()};
    ask_in_turn(here, asking, R"({"queue":true,"timeout":0.05})");
    CHECK(asking.reply() == queue_timed_out);
    CHECK(is_let_go(here));
    here.on_loop([&] { here.daemon.replies[0]({}); });
    CHECK(asking.send(get("/v1/services/web")));
    CHECK(asking.reply() == answer("200 OK", "application/json", web_json() + "\n"));
}

TEST_CASE("drain: one that has begun when its time is over is waited for") {
    world here;
    here.on_loop([&] { here.daemon.begins = true; });
    client asking{here.socket()};
    ask_in_turn(here, asking, R"({"queue":true,"timeout":0.001})");
    // The wait for the turn is over once only the daemon has the place.
    CHECK(here.comes_true([&] { return here.daemon.kept.use_count() == 1; }));
    here.on_loop([&] { here.daemon.replies[0]({}); });
    CHECK(asking.reply() == answer("200 OK", "application/json", dns_json("draining") + "\n"));
}

TEST_CASE("drain: one that needs no turn is waited for, whatever its time") {
    limits bounds;
    bounds.daemon = 50ms;
    world here{bounds};
    client asking{here.socket()};
    here.on_loop([&] { here.daemon.answer_later = true; });
    CHECK(asking.send(post("/v1/services/dns/drain", R"({"queue":true,"timeout":0.001})")));
    CHECK(
        asking.reply() ==
        problem_answer("504 Gateway Timeout",
                       problem(504, "not_finished", "the daemon has not finished this yet").body));
}

TEST_CASE("heraldctl drain: --queue, --force and --timeout are asked for") {
    lively here;
    CHECK(here.run({"drain", "dns", "--queue"}) == printed("dns: draining\n"));
    CHECK(here.run({"drain", "dns", "--queue", "--timeout", "90s"}) == printed("dns: draining\n"));
    CHECK(here.run({"drain", "--all", "--force"}) == printed("dns: draining\nweb: draining\n"));
    here.on_loop([&] {
        auto queued = drain_of_dns();
        queued.queue = true;
        auto shortly = queued;
        shortly.timeout = 90s;
        drain_request forced;
        forced.force = true;
        CHECK(here.daemon.drains == std::vector{queued, shortly, forced});
    });
}

TEST_CASE("heraldctl drain --queue: a turn that does not come is status 1") {
    lively here;
    here.on_loop([&] { here.daemon.queues = here.daemon.answer_later = true; });
    CHECK(here.run({"drain", "dns", "--queue", "--timeout", "50ms"}) ==
          refused("its turn did not come within 50ms, and nothing is drained"));
    CHECK(is_let_go(here));
}

TEST_CASE("heraldctl drain and fleet: what cannot be meant is status 2") {
    const std::vector<std::pair<words, std::string>> rows{
        {{"drain", "dns", "--timeout", "5s"}, "--timeout is for --wait and --queue"},
        {{"drain", "dns", "--force", "--timeout", "5s"}, "--timeout is for --wait and --queue"},
        {{"drain", "dns", "--force", "--queue"}, "--force waits for no turn in the --queue"},
        {{"fleet", "drain", "b"}, "fleet takes a service, or release or forget and a node"},
        {{"fleet", "release"}, "fleet takes a service, or release or forget and a node"},
        {{"fleet", "release", "a", "b"}, "too many arguments; see the command's --help"},
    };
    for (const auto& [arguments, line] : rows) {
        CAPTURE(line);
        CHECK(heraldctl(arguments) == misused(line));
    }
}

TEST_CASE("heraldctl fleet: the nodes of all services, or of one") {
    lively here;
    here.on_loop([&] { here.daemon.shown.fleet = sample_fleet(here.now); });
    const std::string web =
        "SERVICE  SITE    NODE      HEALTH  HEARD   FOR  CAUSE\n"
        "web      madrid  madrid-1  up      normal  42s  check resolve passed\n";
    CHECK(
        here.run({"fleet"}) ==
        printed(
            "SERVICE  SITE    NODE      HEALTH  HEARD   FOR  PERMIT  STALE  CAUSE\n"
            "dns      madrid  madrid-1  up      normal  42s  -       -      check resolve pa…\n"
            "dns      oslo    oslo-1    up      normal  42s  waits   -      check resolve pa…\n"
            "dns      paris   paris-1   down    none    42s  drain   stale  drained by alice\n"
            "web      madrid  madrid-1  up      normal  42s  -       -      check resolve pa…\n"));
    CHECK(here.run({"fleet", "web"}) == printed(web));
    CHECK(here.run({"fleet", "mail"}) == refused("no node has said anything of mail"));
    here.on_loop([&] { here.daemon.shown.fleet->trouble = "127.0.0.1:2379: refused"; });
    CHECK(here.run({"fleet", "web"}) == printed(web + "127.0.0.1:2379: refused\n"));
    CHECK(here.run({"fleet", "mail"}) == printed("127.0.0.1:2379: refused\n"));
}

TEST_CASE("heraldctl fleet: without one it says so") {
    lively here;
    CHECK(here.run({"fleet"}) == refused("there is no [fleet] here"));
    CHECK(here.run({"--json", "fleet"}).status == 0);
}

TEST_CASE("heraldctl fleet release and forget: ask for it, and show what is left") {
    lively here;
    here.on_loop([&] {
        auto fleet = sample_fleet(here.now);
        fleet.services.clear();
        here.daemon.shown.fleet = fleet;
    });
    CHECK(here.run({"fleet", "release", "paris-1"}) == printed(""));
    CHECK(here.run({"fleet", "forget", "a/b"}) == printed(""));
    here.on_loop([&] {
        CHECK(here.daemon.fleet_requests ==
              std::vector<fleet_request>{{action::release, "paris-1"}, {action::forget, "a/b"}});
        CHECK(here.daemon.callers.back() ==
              caller{.uid = ::getuid(), .by = ::getpwuid(::getuid())->pw_name});
    });
}

TEST_CASE("heraldctl services: a guarded service says what must stay, and why it may not go") {
    lively here;
    here.on_loop([&] {
        auto& dns = here.daemon.shown.services[0];
        dns.health = "down";
        dns.heard = "held";
        dns.guard = guard_view{"60%", "site", "hold", false, "1 announced elsewhere, 2 must stay"};
    });
    const auto sheet = here.run({"services", "dns"}).out;
    CHECK(sheet.contains("heard             held\n"));
    CHECK(sheet.contains("keep              60%, counted by site; without etcd: hold\n"
                         "may go            with a permit only\n"
                         "refused           1 announced elsewhere, 2 must stay\n"));
    here.on_loop([&] {
        here.daemon.shown.services[0].guard = guard_view{"2", "node", "withdraw", true, {}};
    });
    const auto other = here.run({"services", "dns"}).out;
    CHECK(other.contains("keep              2, counted by node; without etcd: withdraw\n"
                         "may go            yes\n"));
    CHECK_FALSE(other.contains("refused"));
}
