#include "herald/control/routing.hpp"

#include "herald/control/request_body.hpp"

#include "answering.hpp"
#include "sample_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;

namespace {

response shown(const std::string& json) {
    return {.body = json + "\n"};
}

response invalid(std::string_view detail) {
    return problem(400, "invalid_request", detail);
}

const response nothing = problem(404, "unknown_path", "there is nothing at this path");

std::string encode(std::string_view text) {
    return boost::urls::encode(text, boost::urls::unreserved_chars);
}

response get_of(std::string target) {
    fake_daemon daemon;
    return answered({.method = "GET", .target = std::move(target)}, daemon);
}

response post_of(std::string target, std::string body) {
    fake_daemon daemon;
    auto ready =
        answered({.method = "POST", .target = std::move(target), .body = std::move(body)}, daemon);
    ready.urgent = false;
    return ready;
}

/// What the daemon was asked, by its recorder, and by whom.
template <typename Request>
std::pair<Request, caller> asked_for(std::string target, std::string body,
                                     std::vector<Request> fake_daemon::* recorder) {
    fake_daemon daemon;
    const auto ready =
        answered({.method = "POST", .target = std::move(target), .body = std::move(body)}, daemon);
    CHECK(ready.status == 200);
    REQUIRE((daemon.*recorder).size() == 1);
    return {(daemon.*recorder).front(), daemon.callers.front()};
}

} // namespace

TEST_CASE("route: each view is answered with its whole JSON") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"/v1/status", status_json},
        {"/v1/neighbors",
         R"({"neighbors":[)" + leaf1_json + "," + leaf2_json + R"(],"next":null})"},
        {"/v1/neighbors/leaf1", leaf1_json},
        {"/v1/neighbors/leaf2", leaf2_json},
        {"/v1/services", R"({"services":[)" + dns_json() + "," + web_json() + R"(],"next":null})"},
        {"/v1/services/dns", dns_json()},
        {"/v1/services/web", web_json()},
        {"/v1/checks",
         R"({"checks":[)" + resolve_json + "," + port_json + "," + page_json + R"(],"next":null})"},
        {"/v1/routes", routes_json},
        {"/v1/routes?neighbor=leaf1", routes_json},
        {"/v1/routes?neighbor=leaf2", R"({"routes":[],"next":null})"},
        {"http://localhost/v1/services/dns", dns_json()},
        {"/v1/services/%64ns", dns_json()},
    };
    for (const auto& [target, json] : rows) {
        CAPTURE(target);
        CHECK(get_of(target) == shown(json));
    }
}

TEST_CASE("route: HEAD is answered as GET is, RFC 9110 §9.3.2") {
    CHECK([] {
        fake_daemon daemon;
        return answered({.method = "HEAD", .target = "/v1/services/dns"}, daemon);
    }() == shown(dns_json()));
}

TEST_CASE("route: a problem is a document of its own type, RFC 9457 §3") {
    CHECK(get_of("/v1/nothing") ==
          (response{
              .status = 404,
              .body = R"({"type":"about:blank","title":"Not Found","status":404,)"
                      R"("detail":"there is nothing at this path",)"
                      R"("reason":"unknown_path"})"
                      "\n",
              .type = "application/problem+json",
          }));
}

TEST_CASE("route: paths and names that do not exist are answered with 404") {
    const std::vector<std::pair<std::string, response>> rows{
        {"//", nothing},
        {"/v1", nothing},
        {"/v1/", nothing},
        {"/v2/status", nothing},
        {"/v1/status/", nothing},
        {"/v1/status/more", nothing},
        {"/v1/neighbors/", nothing},
        {"/v1//status", nothing},
        {"/v1/services/dns/", nothing},
        {"/v1/neighbors/spine", problem(no_neighbor("spine"))},
        {"/v1/neighbors/leaf1%2Fx", problem(no_neighbor("leaf1/x"))},
        {"/v1/services/mail", problem(no_service("mail"))},
        {"/v1/routes?neighbor=spine", problem(no_neighbor("spine"))},
    };
    for (const auto& [target, expected] : rows) {
        CAPTURE(target);
        CHECK(get_of(target) == expected);
    }
}

TEST_CASE("route: what is wrong with a request about a session, a reload or a level") {
    const std::vector<std::vector<std::string>> rows{
        {"/v1/neighbors/leaf1/flush", "", ""},
        {"/v1/neighbors/leaf1/reset", R"({"reason":"x"})", "unknown member \"reason\""},
        {"/v1/neighbors/leaf1/shutdown", R"({"reason":1})",
         "\"reason\" must be a text of at most 1000 bytes"},
        {"/v1/reload", R"({"dry_run":1})", "\"dry_run\" must be true or false"},
        {"/v1/reload", R"({"file":"x"})", "unknown member \"file\""},
        {"/v1/log", "", "\"level\" must be trace, debug, info, warning or error"},
        {"/v1/log", R"({"level":"info","to":"x"})", "unknown member \"to\""},
    };
    for (const auto& row : rows) {
        CAPTURE(row[0] + row[1]);
        CHECK(post_of(row[0], row[1]) == (row[2].empty() ? nothing : invalid(row[2])));
    }
}

TEST_CASE("route: explain takes a prefix that some service has") {
    fake_daemon daemon;
    const auto prefix = daemon.announced.front().prefix;
    CHECK(get_of("/v1/explain?prefix=" + prefix) == show(to_json(*daemon.explain(prefix))));
    CHECK(get_of("/v1/explain?prefix=10.0.0.0/8") ==
          problem(404, "unknown_prefix", "no service has the prefix 10.0.0.0/8"));
    CHECK(get_of("/v1/explain") == invalid("the parameter \"prefix\" is missing"));
    CHECK(get_of("/v1/explain?neighbor=x") == invalid("unknown parameter \"neighbor\""));
}

TEST_CASE("route: a method that the path does not take is answered with 405 and Allow, "
          "RFC 9110 §15.5.6") {
    const std::vector<std::vector<std::string>> rows{
        {"POST", "/v1/status", "GET, HEAD"}, {"DELETE", "/v1/services/dns", "GET, HEAD"},
        {"", "/v1/checks", "GET, HEAD"},     {"GET", "/v1/services/dns/drain", "POST"},
        {"HEAD", "/v1/drain", "POST"},       {"PUT", "/v1/undrain", "POST"},
    };
    for (const auto& row : rows) {
        CAPTURE(row[1]);
        fake_daemon daemon;
        auto refused = problem(405, "method_not_allowed", "this path takes " + row[2]);
        refused.allow = row[2];
        CHECK(answered({.method = row[0], .target = row[1]}, daemon) == refused);
    }
}

TEST_CASE("route: targets that are no URL, and parameters that nobody knows, are answered "
          "with 400") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"", "the request's target is not a path or URL"},
        {"*", "the request's target is not a path or URL"},
        {"v1/status", "the request's target is not a path or URL"},
        {"/v1/services/%", "the request's target is not a path or URL"},
        {"/v1/services/%zz", "the request's target is not a path or URL"},
        {"/v1/status?pretty=1", "unknown parameter \"pretty\""},
        {"/v1/routes?neighbour=leaf1", "unknown parameter \"neighbour\""},
    };
    for (const auto& [target, detail] : rows) {
        CAPTURE(target);
        CHECK(get_of(target) == invalid(detail));
    }
}

TEST_CASE("route: a drain has the services of its path and the members of its body") {
    const std::vector<std::pair<std::string, command<drain_request>>> rows{
        {"", {{{"dns"}, "", {}, false}, ""}},
        {" \r\n", {{{"dns"}, "", {}, false}, ""}},
        {"{}", {{{"dns"}, "", {}, false}, ""}},
        {R"({"reason":"new disk"})", {{{"dns"}, "new disk", {}, false}, ""}},
        {R"({"for":600})", {{{"dns"}, "", 600s, false}, ""}},
        {R"({"for":0.25})", {{{"dns"}, "", 250ms, false}, ""}},
        {R"({"for":"10m"})", {{{"dns"}, "", 10min, false}, ""}},
        {R"({"now":true})", {{{"dns"}, "", {}, true}, ""}},
        {R"({"by":"alice"})", {{{"dns"}, "", {}, false}, "alice"}},
        {R"({"reason":null,"for":null,"now":null})", {{{"dns"}, "", {}, false}, ""}},
        {R"({"reason":"ü","for":"1h30m","now":true})", {{{"dns"}, "ü", 90min, true}, ""}},
    };
    for (const auto& [body, given] : rows) {
        CAPTURE(body);
        const auto [drain, who] = asked_for("/v1/services/dns/drain", body, &fake_daemon::drains);
        CHECK(drain == given.wanted);
        CHECK(who == caller{.uid = 1000, .by = given.by});
    }
    CHECK(asked_for("/v1/drain", R"({"now":true})", &fake_daemon::drains).first ==
          drain_request{{}, "", {}, true});
}

TEST_CASE("route: other commands have what their path and their body say") {
    using enum neighbor_request::action;
    CHECK(asked_for("/v1/undrain", "", &fake_daemon::undrains).first == undrain_request{});
    CHECK(asked_for("/v1/services/d%6es/undrain", "{}", &fake_daemon::undrains).first ==
          undrain_request{{"dns"}});
    CHECK(asked_for("/v1/neighbors/leaf1/reset", "", &fake_daemon::neighbor_requests).first ==
          neighbor_request{reset, "leaf1", ""});
    const auto shut =
        asked_for("/v1/neighbors/leaf1/shutdown", R"({"reason":"new fibre","by":"bob"})",
                  &fake_daemon::neighbor_requests);
    CHECK(shut.first == neighbor_request{shutdown, "leaf1", "new fibre"});
    CHECK(shut.second == caller{.uid = 1000, .by = "bob"});
    CHECK(asked_for("/v1/reload", "", &fake_daemon::reloads).first == reload_request{false});
    CHECK(asked_for("/v1/reload", R"({"dry_run":true})", &fake_daemon::reloads).first ==
          reload_request{true});
    CHECK(asked_for("/v1/log", R"({"level":"debug"})", &fake_daemon::levels).first == "debug");
    CHECK(post_of("/v1/restart", "{}") ==
          shown(R"({"restarting":true,"neighbors":[)"
                R"({"name":"leaf1","kept":true,"reason":null},)"
                R"({"name":"leaf2","kept":false,"reason":"there is no session"}]})"));
    CHECK(post_of("/v1/restart", R"({"reset":true})") ==
          shown(R"({"restarting":true,"neighbors":[)"
                R"({"name":"leaf1","kept":false,"reason":"a reset was asked for"},)"
                R"({"name":"leaf2","kept":false,"reason":"there is no session"}]})"));
    CHECK(post_of("/v1/restart", R"({"now":true})") == invalid("unknown member \"now\""));
}

TEST_CASE("route: a report has the check of its path and the members of its body") {
    const std::vector<std::pair<std::string, command<report_request>>> rows{
        {R"({"result":"pass"})", {{"web", "page", "pass", {}, ""}, ""}},
        {R"({"result":"degraded","ttl":30,"output":"slow"})",
         {{"web", "page", "degraded", 30s, "slow"}, ""}},
        {R"({"result":"fail","ttl":"1m","output":null})", {{"web", "page", "fail", 60s, ""}, ""}},
    };
    for (const auto& [body, given] : rows) {
        CAPTURE(body);
        CHECK(asked_for("/v1/checks/web/page/report", body, &fake_daemon::reports).first ==
              given.wanted);
    }
    const std::vector<std::pair<std::string, std::string>> faults{
        {"", "\"result\" is missing: \"pass\", \"degraded\" or \"fail\""},
        {R"({"result":"ok"})", "\"result\" must be \"pass\", \"degraded\" or \"fail\""},
        {R"({"result":0})", "\"result\" must be \"pass\", \"degraded\" or \"fail\""},
        {R"({"result":"pass","ttl":0})",
         "\"ttl\" must be seconds from 0.001 to 366 days, or a text such as \"10m\""},
        {R"({"result":"pass","output":1})", "\"output\" must be a text"},
        {R"({"result":"pass","reason":""})", "unknown member \"reason\""},
    };
    for (const auto& [body, detail] : faults) {
        CAPTURE(body);
        CHECK(post_of("/v1/checks/web/page/report", body) == invalid(detail));
    }
}

TEST_CASE("route: a body that is not what the path takes is answered with 400 and the reason") {
    const std::string bad_for =
        "\"for\" must be seconds from 0.001 to 366 days, or a text such as \"10m\"";
    const std::vector<std::pair<std::string, std::string>> rows{
        {"{", "the body is not JSON: incomplete JSON"},
        {"\xff", "the body is not JSON: syntax error"},
        {"[]", "the body is not a JSON object"},
        {"null", "the body is not a JSON object"},
        {R"({"until":1})", "unknown member \"until\""},
        {R"({"reason":1})", "\"reason\" must be a text of at most 1000 bytes"},
        {R"({"reason":")" + std::string(1001, 'x') + "\"}",
         "\"reason\" must be a text of at most 1000 bytes"},
        {R"({"by":1})", "\"by\" must be a text of at most 100 bytes"},
        {R"({"now":1})", "\"now\" must be true or false"},
        {R"({"for":true})", bad_for},
        {R"({"for":0})", bad_for},
        {R"({"for":-5})", bad_for},
        {R"({"for":1e300})", bad_for},
        {R"({"for":31622401})", bad_for},
        {R"({"for":"soon"})", "\"soon\" is not a duration such as \"500ms\", \"10m\" or \"1h30m\""},
    };
    for (const auto& [body, detail] : rows) {
        CAPTURE(body);
        CHECK(post_of("/v1/services/dns/drain", body) == invalid(detail));
    }
    CHECK(post_of("/v1/undrain", R"({"now":true})") == invalid("unknown member \"now\""));
}

TEST_CASE("route: a wait names its condition and all it is for") {
    using given = std::vector<parameter>;
    const std::vector<std::pair<given, wait_request>> rows{
        {{{"service", "dns"}, {"until", "announced"}}, {condition::announced, {"dns"}, 60s}},
        {{{"until", "withdrawn"}, {"service", "dns"}, {"service", "web"}, {"timeout", "0.5"}},
         {condition::withdrawn, {"dns", "web"}, 500ms}},
        {{{"neighbor", "leaf1"}, {"until", "established"}, {"timeout", "10m"}},
         {condition::established, {"leaf1"}, 10min}},
    };
    for (const auto& [query, wait] : rows) {
        CHECK(parse_wait(query) == wait);
    }
}

TEST_CASE("route: a wait for nothing, for both, or for no time is answered with 400") {
    const std::string what = "what to wait for must be until=announced or until=withdrawn with "
                             "service=, or until=established with neighbor=";
    const std::string time = "\"timeout\" must be seconds from 0.001 to 366 days";
    const std::vector<std::pair<std::string, std::string>> rows{
        {"", what},
        {"?until=announced", what},
        {"?service=dns", what},
        {"?until=established&service=dns", what},
        {"?until=announced&neighbor=leaf1", what},
        {"?until=announced&neighbor=leaf1&service=dns", what},
        {"?until=ready&service=dns", "\"until\" must be announced, withdrawn or established"},
        {"?until=announced&service=dns&timeout=0", time},
        {"?until=announced&service=dns&timeout=-1", time},
        {"?until=announced&service=dns&timeout=nan", time},
        {"?until=announced&service=dns&timeout=", time},
        {"?until=announced&service=dns&for=1", "unknown parameter \"for\""},
    };
    for (const auto& [query, detail] : rows) {
        CAPTURE(query);
        CHECK(get_of("/v1/wait" + query) == invalid(detail));
    }
}

namespace {

/// Of the sample: dns is announced to leaf1; web is not, which is not acknowledged yet.
std::optional<response> look_at(condition until, std::vector<std::string> names,
                                const status_view& status = sample(fixed_now())) {
    fake_daemon daemon;
    daemon.shown = status;
    return look({until, std::move(names), 1s}, daemon);
}

} // namespace

TEST_CASE("look: a condition holds once all of it does and is acknowledged") {
    auto status = sample(fixed_now());
    CHECK(look_at(condition::announced, {"dns"}) == shown(R"({"services":[)" + dns_json() + "]}"));
    CHECK(look_at(condition::withdrawn, {"dns"}) == std::nullopt);
    CHECK(look_at(condition::announced, {"dns", "web"}) == std::nullopt);
    CHECK(look_at(condition::withdrawn, {"web"}) == std::nullopt);
    CHECK(look_at(condition::established, {"leaf1"}) ==
          shown(R"({"neighbors":[)" + leaf1_json + "]}"));
    CHECK(look_at(condition::established, {"leaf1", "leaf2"}) == std::nullopt);

    status.services[1].acknowledged = true;
    CHECK(look_at(condition::withdrawn, {"web"}, status).has_value());
    status.services[0].acknowledged = false;
    CHECK(look_at(condition::announced, {"dns"}, status) == std::nullopt);
}

TEST_CASE("look: what does not exist is answered with 404, even after something that does") {
    CHECK(look_at(condition::announced, {"dns", "mail"}) == problem(no_service("mail")));
    CHECK(look_at(condition::established, {"spine"}) == problem(no_neighbor("spine")));
}

TEST_CASE("wait_timed_out: 504 says what was not so, and how long") {
    CHECK(wait_timed_out({condition::withdrawn, {"dns", "web"}, 90s}) ==
          problem(504, "timed_out", "not withdrawn within 1m30s: dns, web"));
}

TEST_CASE("problem: a refusal of the daemon has its reason, and the status of its kind") {
    using enum refusal::kind;
    CHECK(problem({not_found, "r", "a"}) == problem(404, "r", "a"));
    CHECK(problem({invalid, "r", "b"}) == problem(400, "r", "b"));
    CHECK(problem({conflict, "r", "c"}) == problem(409, "r", "c"));
    CHECK(problem({failed, "r", "d"}) == problem(500, "r", "d"));
    CHECK(problem({unavailable, "r", "e"}) == problem(503, "r", "e"));
}

TEST_CASE("route: a list comes in pages, each of which says what is next") {
    fake_daemon daemon;
    auto third = daemon.announced.back();
    third.neighbor = "leaf2";
    daemon.announced.push_back(third);
    const std::vector<std::pair<std::string, std::size_t>> rows{
        {"neighbors", 2}, {"services", 2}, {"checks", 3}, {"routes", 3}};
    for (const auto& [key, count] : rows) {
        CAPTURE(key);
        const auto all = boost::json::parse(answered({"GET", "/v1/" + key}, daemon).body);
        boost::json::array found;
        std::string after;
        for (std::size_t pages = 1;; ++pages) {
            const auto part = boost::json::parse(
                answered({"GET", fmt::format("/v1/{}?limit=1{}", key, after)}, daemon).body);
            CHECK(part.at(key).as_array().size() == 1);
            found.push_back(part.at(key).as_array().front());
            CHECK(part.at("next").is_null() == (pages == count));
            if (part.at("next").is_null() || pages > count)
                break;
            after = "&after=" + encode(std::string(part.at("next").as_string()));
        }
        CHECK(found == all.at(key).as_array());
        CHECK(all.at("next").is_null());
    }
}

TEST_CASE("route: a page that there is not is answered with 400") {
    for (const auto* query : {"limit=0", "limit=-1", "limit=x", "limit=10001", "limit=",
                              "after=spine", "after=%20", "limit=1&after=leaf1%20x&neighbor=leaf2"})
        for (const auto* list : {"neighbors", "services", "checks", "routes"}) {
            CAPTURE(list);
            CAPTURE(query);
            CHECK(get_of(fmt::format("/v1/{}?{}", list, query)).status == 400);
        }
}

TEST_CASE("route: while a long list is made the loop goes on with other things") {
    fake_daemon daemon;
    daemon.shown.services.resize(5000, daemon.shown.services.front());
    for (std::size_t i = 0; i < daemon.shown.services.size(); ++i)
        daemon.shown.services[i].checks.resize(20, sample(fixed_now()).services[1].checks[0]);
    int turns = 0;
    const auto ready =
        answered({"GET", "/v1/services"}, daemon, audience::operators, [&] { ++turns; });
    CHECK(ready.status == 200);
    CHECK(turns > 10);
}

TEST_CASE("route: what operators alone may do or follow, others are refused or do not find") {
    fake_daemon daemon;
    for (const auto who : {audience::everyone, audience::probes}) {
        CHECK(answered({"POST", "/v1/drain"}, daemon, who) == nothing);
        CHECK(answered({"GET", "/v1/drain"}, daemon, who) == nothing);
        CHECK(answered({"GET", "/metrics"}, daemon, who).status == 200);
        CHECK(answered({"GET", "/livez"}, daemon, who).status == 200);
        CHECK(answered({"GET", "/readyz"}, daemon, who).status == 200);
    }
    for (const auto* target : {"/v1/events", "/v1/wait?until=announced&service=dns"}) {
        const auto refused = answered({"GET", target}, daemon, audience::everyone);
        CHECK(refused.status == 403);
        CHECK(refused.body.find(R"("reason":"operators_only")") != std::string::npos);
    }
    for (const auto* target : {"/v1/status", "/", "/v1/events", "/v1/events/recent"})
        CHECK(answered({"GET", target}, daemon, audience::probes) == too_many_connections());
    CHECK(daemon.callers.empty());
}

TEST_CASE("route: a page under another site's name does not get at the open listener") {
    fake_daemon daemon;
    const std::vector<std::pair<std::string, unsigned>> rows{
        {"", 200},
        {"192.0.2.1", 200},
        {"192.0.2.1:9179", 200},
        {"[2001:db8::1]:9179", 200},
        {"[::1]", 200},
        {"localhost:9179", 200},
        {"herald.localhost:9179", 200},
        {"node1:9179", 200},
        {"node1.example.net:9179", 200},
        {"NODE1.Example.Net.", 200},
        {"rebound.example:9179", 421},
        {"node1.example.net.rebound.example", 421},
        {"192.0.2.1.rebound.example:9179", 421},
        {"localhost.rebound.example", 421},
        {"1.2.3.4.5", 421},
    };
    for (const auto& [host, status] : rows) {
        CAPTURE(host);
        request asked{.method = "GET", .target = "/metrics", .host = host, .by_browser = true};
        CHECK(answered(asked, daemon, audience::everyone).status == status);
        CHECK(answered(asked, daemon, audience::operators).status == 200);
        asked.by_browser = false; // Prometheus, by whatever name
        CHECK(answered(asked, daemon, audience::everyone).status == 200);
    }
}
