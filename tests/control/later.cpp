// Answers that come later: changes that are on their way to the disk, and conditions.
#include "herald/control/server.hpp"

#include "fixture.hpp"
#include "herald/control/response.hpp"
#include "sample_json.hpp"

#include <doctest/doctest.h>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;

namespace {

/// Sends a request for a change, and comes back when the daemon has it.
void ask_for_change(world& here, client& asking) {
    here.on_loop([&] { here.daemon.answer_later = true; });
    CHECK(asking.send(post("/v1/services/dns/drain", "")));
    CHECK(here.comes_true([&] { return here.daemon.replies.size() == 1; }));
}

/// Sends a request to wait, and comes back when the server has looked and waits.
void ask_to_wait(world& here, client& asking, std::string_view query) {
    here.on_loop([&] { here.daemon.looks = 0; });
    CHECK(asking.send(get("/v1/wait?" + std::string(query))));
    CHECK(here.comes_true([&] { return here.daemon.looks == 1; }));
}

const std::string drained = answer("200 OK", "application/json", dns_json("draining") + "\n");

std::string stopping() {
    return problem_answer("503 Service Unavailable", problem(is_stopping()).body,
                          "Connection: close\r\n");
}

} // namespace

TEST_CASE("server: a change is answered once the daemon has done it, others meanwhile") {
    world here;
    client asking{here.socket()};
    ask_for_change(here, asking);
    CHECK(exchange(here.socket(), get("/v1/services/dns")) == drained);
    here.on_loop([&] { here.daemon.replies[0]({}); });
    CHECK(asking.reply() == drained);
}

TEST_CASE("server: a reply that comes twice is sent once") {
    world here;
    client asking{here.socket()};
    ask_for_change(here, asking);
    here.on_loop([&] {
        here.daemon.replies[0]({});
        here.daemon.replies[0]({});
    });
    CHECK(asking.reply() == drained);
    here.on_loop([&] { here.daemon.replies[0]({}); });
    CHECK(asking.send(get("/v1/services/web")));
    CHECK(asking.reply() == answer("200 OK", "application/json", web_json() + "\n"));
}

TEST_CASE("server: a reply for a client that is gone does no harm") {
    world here;
    {
        client asking{here.socket()};
        ask_for_change(here, asking);
    }
    here.on_loop([&] { here.daemon.replies[0]({}); });
    CHECK(exchange(here.socket(), get("/v1/services/dns")) == drained);
}

TEST_CASE("server: a change that the daemon does not finish is answered with 504") {
    limits bounds;
    bounds.daemon = 50ms;
    world here{bounds};
    client asking{here.socket()};
    ask_for_change(here, asking);
    CHECK(
        asking.reply() ==
        problem_answer("504 Gateway Timeout",
                       problem(504, "not_finished", "the daemon has not finished this yet").body));
    here.on_loop([&] { here.daemon.replies[0]({}); });
}

TEST_CASE("server: stopping lets a change that is on its way be answered") {
    world here;
    client asking{here.socket()};
    ask_for_change(here, asking);
    here.on_loop([&] { here.served->stop(); });
    here.on_loop([&] { here.daemon.replies[0]({}); });
    auto expected = drained;
    expected.insert(expected.find("\r\n\r\n") + 2, "Connection: close\r\n");
    CHECK(asking.rest() == expected);
}

TEST_CASE("server: once it is gone its connections are cut, and a late reply does no harm") {
    world here;
    client changing{here.socket()};
    ask_for_change(here, changing);
    client waiting{here.socket()};
    ask_to_wait(here, waiting, "service=dns&until=withdrawn");
    here.on_loop([&] { here.served.reset(); });
    CHECK(changing.rest().empty());
    CHECK(waiting.rest().empty());
    here.on_loop([&] {
        here.daemon.looks = 0;
        here.daemon.replies[0]({});
        CHECK(here.daemon.looks == 0);
    });
}

TEST_CASE("server: a condition that holds is answered at once") {
    world here;
    CHECK(exchange(here.socket(), get("/v1/wait?service=dns&until=announced")) ==
          answer("200 OK", "application/json", R"({"services":[)" + dns_json() + "]}\n"));
}

TEST_CASE("server: a condition is answered when a change makes it hold, and not before") {
    world here;
    client waiting{here.socket()};
    ask_to_wait(here, waiting, "service=dns&until=withdrawn");
    here.change([](status_view& shown) {
        shown.services[0].announced_to.clear();
        shown.services[0].acknowledged = false;
    });
    here.on_loop([&] {}); // after the look that was due
    CHECK(here.on_loop([&] { return here.daemon.looks; }) == 2);
    here.change([](status_view& shown) { shown.services[0].acknowledged = true; });
    const auto reply = waiting.reply();
    CHECK(reply.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(reply.find(R"("announced_to":[],"acknowledged":true)") != std::string::npos);
}

TEST_CASE("server: a session is waited for until it is Established") {
    world here;
    client waiting{here.socket()};
    ask_to_wait(here, waiting, "neighbor=leaf2&until=established");
    here.change([](status_view& shown) { shown.neighbors[1].state = "OpenConfirm"; });
    here.change([](status_view& shown) { shown.neighbors[1].state = "Established"; });
    CHECK(waiting.reply().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("server: many changes in one turn are one look for each that waits") {
    world here;
    std::vector<std::unique_ptr<client>> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(std::make_unique<client>(here.socket()));
        ask_to_wait(here, *clients.back(), "service=dns&until=withdrawn");
    }
    here.on_loop([&] {
        here.daemon.looks = 0;
        here.daemon.shown.services[0].announced_to.clear();
        for (int i = 0; i < 100; ++i)
            here.served->changed();
        CHECK(here.daemon.looks == 0);
    });
    for (const auto& each : clients)
        CHECK(each->reply().starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(here.on_loop([&] { return here.daemon.looks; }) == 10);
}

TEST_CASE("server: a condition that does not hold in time is answered with 504, and the "
          "connection stays") {
    world here;
    client waiting{here.socket()};
    CHECK(waiting.send(get("/v1/wait?service=dns&until=withdrawn&timeout=0.05")));
    CHECK(waiting.reply() ==
          problem_answer("504 Gateway Timeout",
                         problem(504, "timed_out", "not withdrawn within 50ms: dns").body));
    CHECK(waiting.send(get("/v1/services/dns")));
    CHECK(waiting.reply() == answer("200 OK", "application/json", dns_json() + "\n"));
}

TEST_CASE("server: a service that disappears while it is waited for is answered with 404") {
    world here;
    client waiting{here.socket()};
    ask_to_wait(here, waiting, "service=dns&until=withdrawn");
    here.change([](status_view& shown) { shown.services.erase(shown.services.begin()); });
    CHECK(waiting.reply() == problem_answer("404 Not Found", problem(no_service("dns")).body));
}

TEST_CASE("server: a client that leaves while it waits makes room for another") {
    limits bounds;
    bounds.connections = 1;
    world here{bounds};
    {
        client waiting{here.socket()};
        ask_to_wait(here, waiting, "service=dns&until=withdrawn");
        CHECK(exchange(here.socket(), get("/v1/services/dns"))
                  .starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    }
    const auto end = std::chrono::steady_clock::now() + 20s;
    std::string reply;
    do
        reply = exchange(here.socket(), get("/v1/services/dns"));
    while (!reply.starts_with("HTTP/1.1 200 OK\r\n") && std::chrono::steady_clock::now() < end);
    CHECK(reply.starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("server: a request that is sent during a wait is answered after it") {
    world here;
    client waiting{here.socket()};
    ask_to_wait(here, waiting, "service=dns&until=withdrawn");
    CHECK(waiting.send(get("/v1/services/web")));
    here.change([](status_view& shown) { shown.services[0].announced_to.clear(); });
    CHECK(waiting.reply().starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(waiting.reply() == answer("200 OK", "application/json", web_json() + "\n"));
}

TEST_CASE("server: stopping ends waits with 503") {
    world here;
    client waiting{here.socket()};
    ask_to_wait(here, waiting, "service=dns&until=withdrawn");
    here.on_loop([&] { here.served->stop(); });
    CHECK(waiting.rest() == stopping());
}
