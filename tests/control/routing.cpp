#include "herald/control/routing.hpp"

#include "fake_daemon.hpp"
#include "sample_json.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;

namespace {

response shown(const std::string& json) {
    return {.body = json + "\n"};
}

outcome get_of(std::string target) {
    return route({"GET", std::move(target), ""}, fake_daemon{});
}

outcome post_of(std::string target, std::string body) {
    return route({"POST", std::move(target), std::move(body)}, fake_daemon{});
}

} // namespace

TEST_CASE("route: each view is answered with its whole JSON") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"/v1/status", status_json},
        {"/v1/neighbors", R"({"neighbors":[)" + leaf1_json + "," + leaf2_json + "]}"},
        {"/v1/neighbors/leaf1", leaf1_json},
        {"/v1/neighbors/leaf2", leaf2_json},
        {"/v1/services", R"({"services":[)" + dns_json() + "," + web_json() + "]}"},
        {"/v1/services/dns", dns_json()},
        {"/v1/services/web", web_json()},
        {"/v1/checks", R"({"checks":[)" + resolve_json + "," + port_json + "," + page_json + "]}"},
        {"/v1/routes", routes_json},
        {"/v1/routes?neighbor=leaf1", routes_json},
        {"/v1/routes?neighbor=leaf2", R"({"routes":[]})"},
        {"http://localhost/v1/services/dns", dns_json()},
        {"/v1/services/%64ns", dns_json()},
    };
    for (const auto& [target, json] : rows) {
        CAPTURE(target);
        CHECK(get_of(target) == outcome{shown(json)});
    }
}

TEST_CASE("route: HEAD is answered as GET is, RFC 9110 §9.3.2") {
    CHECK(route({"HEAD", "/v1/services/dns", ""}, fake_daemon{}) == outcome{shown(dns_json())});
}

TEST_CASE("route: a problem is a document of its own type, RFC 9457 §3") {
    CHECK(get_of("/v1/nothing") ==
          outcome{response{
              .status = 404,
              .body = R"({"type":"about:blank","title":"Not Found","status":404,)"
                      R"("detail":"there is nothing at this path"})"
                      "\n",
              .type = "application/problem+json",
          }});
}

TEST_CASE("route: paths and names that do not exist are answered with 404") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"//", "there is nothing at this path"},
        {"/v1", "there is nothing at this path"},
        {"/v1/", "there is nothing at this path"},
        {"/v2/status", "there is nothing at this path"},
        {"/v1/status/", "there is nothing at this path"},
        {"/v1/status/more", "there is nothing at this path"},
        {"/v1/neighbors/", "there is nothing at this path"},
        {"/v1//status", "there is nothing at this path"},
        {"/v1/services/dns/", "there is nothing at this path"},
        {"/v1/neighbors/spine", "there is no neighbor \"spine\""},
        {"/v1/neighbors/leaf1%2Fx", "there is no neighbor \"leaf1/x\""},
        {"/v1/services/mail", "there is no service \"mail\""},
        {"/v1/routes?neighbor=spine", "there is no neighbor \"spine\""},
    };
    for (const auto& [target, detail] : rows) {
        CAPTURE(target);
        CHECK(get_of(target) == outcome{problem(404, detail)});
    }
}

TEST_CASE("route: what is wrong with a request about a session, a reload or a level") {
    const std::vector<std::vector<std::string>> rows{
        {"/v1/neighbors/leaf1/flush", "", "there is nothing at this path"},
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
        const unsigned status = row[2].starts_with("there is") ? 404 : 400;
        CHECK(post_of(row[0], row[1]) == outcome{problem(status, row[2])});
    }
}

TEST_CASE("route: explain takes a prefix that some service has") {
    fake_daemon daemon;
    const auto prefix = daemon.announced.front().prefix;
    CHECK(get_of("/v1/explain?prefix=" + prefix) ==
          outcome{show(to_json(*daemon.explain(prefix)))});
    CHECK(get_of("/v1/explain?prefix=10.0.0.0/8") ==
          outcome{problem(404, "no service has the prefix 10.0.0.0/8")});
    CHECK(get_of("/v1/explain") == outcome{problem(400, "the parameter \"prefix\" is missing")});
    CHECK(get_of("/v1/explain?neighbor=x") ==
          outcome{problem(400, "unknown parameter \"neighbor\"")});
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
        auto refused = problem(405, "this path takes " + row[2]);
        refused.allow = row[2];
        CHECK(route({row[0], row[1], ""}, fake_daemon{}) == outcome{refused});
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
        CHECK(get_of(target) == outcome{problem(400, detail)});
    }
}

TEST_CASE("route: a drain has the services of its path and the members of its body") {
    const std::vector<std::pair<std::string, drain_request>> rows{
        {"", {{"dns"}, "", {}, false, ""}},
        {" \r\n", {{"dns"}, "", {}, false, ""}},
        {"{}", {{"dns"}, "", {}, false, ""}},
        {R"({"reason":"new disk"})", {{"dns"}, "new disk", {}, false, ""}},
        {R"({"for":600})", {{"dns"}, "", 600s, false, ""}},
        {R"({"for":0.25})", {{"dns"}, "", 250ms, false, ""}},
        {R"({"for":"10m"})", {{"dns"}, "", 10min, false, ""}},
        {R"({"now":true})", {{"dns"}, "", {}, true, ""}},
        {R"({"by":"alice"})", {{"dns"}, "", {}, false, "alice"}},
        {R"({"reason":null,"for":null,"now":null})", {{"dns"}, "", {}, false, ""}},
        {R"({"reason":"ü","for":"1h30m","now":true})", {{"dns"}, "ü", 90min, true, ""}},
    };
    for (const auto& [body, drain] : rows) {
        CAPTURE(body);
        CHECK(post_of("/v1/services/dns/drain", body) == outcome{drain});
    }
    CHECK(post_of("/v1/drain", R"({"now":true})") == outcome{drain_request{{}, "", {}, true, ""}});
    CHECK(post_of("/v1/undrain", "") == outcome{undrain_request{{}}});
    CHECK(post_of("/v1/neighbors/leaf1/reset", "") ==
          outcome{neighbor_request{neighbor_request::action::reset, "leaf1", ""}});
    CHECK(post_of("/v1/neighbors/leaf1/shutdown", R"({"reason":"new fibre"})") ==
          outcome{neighbor_request{neighbor_request::action::shutdown, "leaf1", "new fibre"}});
    CHECK(post_of("/v1/reload", "") == outcome{reload_request{false}});
    CHECK(post_of("/v1/reload", R"({"dry_run":true})") == outcome{reload_request{true}});
    CHECK(post_of("/v1/log", R"({"level":"debug"})") == outcome{log_request{"debug"}});
    CHECK(post_of("/v1/restart", "{}") == outcome{restart_request{}});
    CHECK(post_of("/v1/restart", R"({"now":true})") ==
          outcome{problem(400, "unknown member \"now\"")});
    CHECK(post_of("/v1/services/a%20b/undrain", "{}") == outcome{undrain_request{{"a b"}}});
}

TEST_CASE("route: a report has the check of its path and the members of its body") {
    const std::vector<std::pair<std::string, report_request>> rows{
        {R"({"result":"pass"})", {"web", "page", "pass", {}, ""}},
        {R"({"result":"degraded","ttl":30,"output":"slow"})",
         {"web", "page", "degraded", 30s, "slow"}},
        {R"({"result":"fail","ttl":"1m","output":null})", {"web", "page", "fail", 60s, ""}},
    };
    for (const auto& [body, report] : rows) {
        CAPTURE(body);
        CHECK(post_of("/v1/checks/web/page/report", body) == outcome{report});
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
        CHECK(post_of("/v1/checks/web/page/report", body) == outcome{problem(400, detail)});
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
        CHECK(post_of("/v1/services/dns/drain", body) == outcome{problem(400, detail)});
    }
    CHECK(post_of("/v1/undrain", R"({"now":true})") ==
          outcome{problem(400, "unknown member \"now\"")});
}

TEST_CASE("route: a wait names its condition and all it is for") {
    const std::vector<std::pair<std::string, wait_request>> rows{
        {"service=dns&until=announced", {condition::announced, {"dns"}, 60s}},
        {"until=withdrawn&service=dns&service=web&timeout=0.5",
         {condition::withdrawn, {"dns", "web"}, 500ms}},
        {"neighbor=leaf1&until=established&timeout=10m",
         {condition::established, {"leaf1"}, 10min}},
    };
    for (const auto& [query, wait] : rows) {
        CAPTURE(query);
        CHECK(get_of("/v1/wait?" + query) == outcome{wait});
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
        CHECK(get_of("/v1/wait" + query) == outcome{problem(400, detail)});
    }
}

namespace {

/// Of the sample: dns is announced to leaf1; web is not, which is not acknowledged yet.
std::optional<response> look_at(condition until, std::vector<std::string> names,
                                const status_view& status = sample(fixed_now())) {
    return look({until, std::move(names), 1s}, status);
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
    CHECK(look_at(condition::announced, {"dns", "mail"}) ==
          problem(404, "there is no service \"mail\""));
    CHECK(look_at(condition::established, {"spine"}) ==
          problem(404, "there is no neighbor \"spine\""));
}

TEST_CASE("wait_timed_out: 504 says what was not so, and how long") {
    CHECK(wait_timed_out({condition::withdrawn, {"dns", "web"}, 90s}) ==
          problem(504, "not withdrawn within 1m30s: dns, web"));
}

TEST_CASE("problem: a refusal of the daemon has the status of its kind") {
    CHECK(problem(refusal{refusal::kind::not_found, "a"}) == problem(404, "a"));
    CHECK(problem(refusal{refusal::kind::invalid, "b"}) == problem(400, "b"));
    CHECK(problem(refusal{refusal::kind::failed, "c"}) == problem(500, "c"));
}

TEST_CASE("show_changed: one service alone, all as a list") {
    const auto status = sample(fixed_now());
    CHECK(show_changed({"web"}, status) == shown(web_json()));
    CHECK(show_changed({}, status) ==
          shown(R"({"services":[)" + dns_json() + "," + web_json() + "]}"));
    CHECK(show_changed({"gone"}, status) == problem(404, "there is no service \"gone\""));
}
