#include "herald/control/event_view.hpp"

#include "answering.hpp"
#include "fixture.hpp"
#include "herald/control/json_text.hpp"
#include "sample_json.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <thread>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;

namespace {

event_view some_event(const std::string& cause = "check port failed") {
    return {.time = fixed_now(),
            .type = "service",
            .service = "web",
            .from = "up",
            .to = "down",
            .cause = cause};
}

const std::string header = "HTTP/1.1 200 OK\r\n"
                           "Content-Type: application/x-ndjson\r\n"
                           "Connection: close\r\n\r\n";

std::string line_of(const event_view& event) {
    return to_text(to_json(event)) + "\n";
}

void publish(world& here, const event_view& event) {
    here.on_loop([&] { here.served->publish(event); });
}

} // namespace

TEST_CASE("event: every key is there, and null where it does not concern the event") {
    CHECK(
        line_of(some_event()) ==
        R"({"time":"2025-01-31T12:00:00.250Z","type":"service","neighbor":null,)"
        R"("service":"web","check":null,"from":"up","to":"down",)"
        R"("cause":"check port failed","direction":null,"code":null,"subcode":null,"uid":null,"by":null})"
        "\n");
    event_view notification{.time = fixed_now(), .type = "notification", .neighbor = "leaf1"};
    notification.notification = event_view::kind{"received", 6, 2};
    CHECK(line_of(notification) ==
          R"({"time":"2025-01-31T12:00:00.250Z","type":"notification","neighbor":"leaf1",)"
          R"("service":null,"check":null,"from":null,"to":null,)"
          R"("cause":null,"direction":"received","code":6,"subcode":2,"uid":null,"by":null})"
          "\n");
}

TEST_CASE("server: events are written to those that follow them, from now on") {
    world here;
    publish(here, some_event("before"));
    client first{here.socket()};
    client second{here.socket()};
    for (auto* each : {&first, &second}) {
        CHECK(each->send(get("/v1/events")));
        CHECK(each->until("\r\n\r\n") == header);
    }
    publish(here, some_event("one"));
    CHECK(first.until("\n") == line_of(some_event("one")));
    here.on_loop([&] {
        here.served->publish(some_event("two"));
        here.served->publish(some_event("three"));
    });
    const auto both = line_of(some_event("two")) + line_of(some_event("three"));
    CHECK(first.until("three\",\"direction\":null,\"code\":null,\"subcode\":null,\"uid\":null,"
                      "\"by\":null}\n") == both);
    CHECK(second.until("three\",\"direction\":null,\"code\":null,\"subcode\":null,\"uid\":null,"
                       "\"by\":null}\n") == line_of(some_event("one")) + both);
}

TEST_CASE("server: a stop is the last event that its readers see") {
    world here;
    client reader{here.socket()};
    CHECK(reader.send(get("/v1/events")));
    CHECK(reader.until("\r\n\r\n") == header);
    here.on_loop([&] {
        here.served->publish(some_event("the end"));
        here.served->stop();
    });
    CHECK(reader.rest() == line_of(some_event("the end")));
}

TEST_CASE("server: a reader of events that does not read is dropped, and others are not") {
    limits bounds;
    bounds.backlog = 4096;
    world here{bounds};
    client slow{here.socket()};
    client quick{here.socket()};
    for (auto* each : {&slow, &quick}) {
        CHECK(each->send(get("/v1/events")));
        CHECK(each->until("\r\n\r\n") == header);
    }
    const auto event = some_event(std::string(1000, 'x'));
    int published = 0;
    const auto dropped = [&] { return here.daemon.dropped; };
    while (here.on_loop(dropped) == 0 && published < 10000) {
        publish(here, event);
        ++published;
        CHECK(quick.until("\n") == line_of(event));
    }
    CHECK(here.on_loop(dropped) == 1);
    const auto taken = slow.rest(); // what was in flight
    CHECK(taken.size() < static_cast<std::size_t>(published) * line_of(event).size());
    publish(here, some_event("after"));
    CHECK(quick.until("\n") == line_of(some_event("after")));
}

TEST_CASE("server: readers of events that leave make room for others") {
    limits bounds;
    bounds.connections = 2;
    world here{bounds};
    for (int i = 0; i < 20; ++i) {
        client reader{here.socket()};
        CHECK(reader.send(get("/v1/events")));
        // Until the one before was noticed to have left there may be no room.
        auto answer = reader.until("\r\n\r\n");
        if (answer != header)
            CHECK(answer.starts_with("HTTP/1.1 503"));
    }
    const auto has_room = [&] {
        return exchange(here.socket(), get("/livez")).starts_with("HTTP/1.1 200");
    };
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!has_room() && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    CHECK(has_room());
}

TEST_CASE("server: HEAD of the events is a header, RFC 9110 §9.3.2") {
    world here;
    client asking{here.socket()};
    CHECK(asking.send("HEAD /v1/events HTTP/1.1\r\nHost: h\r\n\r\n"));
    CHECK(asking.rest() == header);
}

TEST_CASE("server: over TCP everyone may look, and nobody may change or wait") {
    world here;
    const auto port = here.listen_for_everyone();
    client asking{port};
    CHECK(asking.send(get("/v1/services/dns")));
    CHECK(asking.reply() == answer("200 OK", "application/json", dns_json() + "\n"));
    CHECK(asking.send(get("/livez")));
    CHECK(asking.reply() == answer("200 OK", "text/plain; charset=utf-8", "ok\n"));
    const auto nothing = problem_answer(
        "404 Not Found", problem(404, "unknown_path", "there is nothing at this path").body);
    for (const auto* path : {"/v1/drain", "/v1/undrain", "/v1/services/dns/drain", "/v1/restart"}) {
        CHECK(asking.send(post(path, "{}")));
        CHECK(asking.reply() == nothing);
    }
    for (const auto* path : {"/v1/wait?until=announced&service=dns", "/v1/events"}) {
        CHECK(asking.send(get(path)));
        CHECK(asking.reply().starts_with("HTTP/1.1 403 Forbidden\r\n"));
    }
    CHECK(asking.send(post("/v1/status", "{}")));
    CHECK(asking.reply() ==
          problem_answer("405 Method Not Allowed",
                         problem(405, "method_not_allowed", "this path takes GET, HEAD").body,
                         "Allow: GET, HEAD\r\n"));
    here.on_loop([&] {
        CHECK(here.daemon.drains.empty());
        CHECK(here.daemon.undrains.empty());
        CHECK(here.daemon.restarts == 0);
    });
}

TEST_CASE("server: clients over TCP leave the control socket's places free") {
    limits bounds;
    bounds.connections = 2;
    world here{bounds};
    const auto port = here.listen_for_everyone();
    client first{port};
    client second{port};
    for (auto* each : {&first, &second}) {
        CHECK(each->send(get("/livez")));
        CHECK(each->reply().starts_with("HTTP/1.1 200"));
    }
    client third{port};
    CHECK(third.rest().starts_with("HTTP/1.1 503"));
    CHECK(exchange(here.socket(), get("/livez")).starts_with("HTTP/1.1 200"));
}

TEST_CASE("route: the page lets nothing in but itself") {
    fake_daemon daemon;
    const auto page = answered({"GET", "/"}, daemon);
    CHECK(page.status == 200);
    CHECK(page.type == "text/html; charset=utf-8");
    CHECK(page.more.find("default-src 'none'") != std::string::npos);
    CHECK(page.more.find("X-Content-Type-Options: nosniff\r\n") != std::string::npos);
    CHECK(page.body.starts_with("<!DOCTYPE html>"));
    CHECK(page.body.ends_with("</html>\n"));
    CHECK(page.body.find("http://www.w3.org/2000/svg") == page.body.find("http")); // a namespace
    CHECK(page.body.find("https:") == std::string::npos);
    CHECK(page.body.find("HTML = ") == std::string::npos); // all text goes in as text
    CHECK(page.body.find("HERALD_") == std::string::npos);
}

TEST_CASE("route: recent events are shown as a list") {
    fake_daemon daemon;
    daemon.events = {some_event("one"), some_event("two")};
    const auto shown = answered({"GET", "/v1/events/recent"}, daemon);
    CHECK(shown == response{.body = R"({"events":[)" + to_text(to_json(some_event("one"))) + "," +
                                    to_text(to_json(some_event("two"))) + "]}\n"});
}

TEST_CASE("route: a node that is not ready says why, line by line") {
    fake_daemon daemon;
    const auto ready = [&] {
        auto answer = answered({"GET", "/readyz"}, daemon);
        CHECK(std::exchange(answer.urgent, false));
        return answer;
    };
    CHECK(ready() == show_text(200, "ok\n"));
    daemon.shown.neighbors[0].state = "Idle";
    daemon.shown.services[0].health = "unknown";
    CHECK(ready() == show_text(503, "the health of service dns is unknown\n"
                                    "no session is Established\n"));
}
