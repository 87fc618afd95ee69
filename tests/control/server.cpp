#include "herald/control/server.hpp"

#include "fixture.hpp"
#include "herald/control/response.hpp"
#include "sample_json.hpp"

#include <array>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;
using boost::system::error_code;

namespace {

/// This user, as the kernel tells the server.
const caller self{.uid = ::getuid(), .by = {}};

std::string dns_answer(const std::string& more = "") {
    return answer("200 OK", "application/json", dns_json() + "\n", more);
}

std::string refusal_of(unsigned status, std::string_view name, std::string_view reason,
                       std::string_view detail) {
    return problem_answer(fmt::format("{} {}", status, name), problem(status, reason, detail).body,
                          "Connection: close\r\n");
}

const std::string get_dns = get("/v1/services/dns");

/// So short that a test can wait for it; what is not its subject stays long.
limits impatient(std::chrono::milliseconds limits::* which) {
    limits bounds;
    bounds.*which = 50ms;
    return bounds;
}

} // namespace

TEST_CASE("server: a request is answered, and the connection stays for the next, RFC 9112 §9.3") {
    world here;
    client asking{here.socket()};
    for (int i = 0; i < 3; ++i) {
        CHECK(asking.send(get_dns));
        CHECK(asking.reply() == dns_answer());
    }
}

TEST_CASE("server: a drain is answered with the service as it is then") {
    world here;
    CHECK(exchange(here.socket(), post("/v1/services/dns/drain", R"({"reason":"r","for":60})")) ==
          answer("200 OK", "application/json", dns_json("draining") + "\n"));
    CHECK(exchange(here.socket(), post("/v1/undrain", "")) ==
          answer("200 OK", "application/json",
                 R"({"services":[)" + dns_json() + "," + web_json("active") + "]}\n"));
    CHECK(exchange(here.socket(), post("/v1/services/full/drain", "")) ==
          problem_answer("500 Internal Server Error",
                         problem(500, "not_stored", "no space left on device").body));
    CHECK(exchange(here.socket(), post("/v1/services/mail/undrain", "")) ==
          problem_answer("404 Not Found", problem(no_service("mail")).body));
    here.on_loop([&] {
        CHECK(here.daemon.drains ==
              std::vector<drain_request>{{{"dns"}, "r", 60s, false}, {{"full"}, "", {}, false}});
        CHECK(here.daemon.undrains == std::vector<undrain_request>{{}, {{"mail"}}});
        CHECK(here.daemon.callers == std::vector<caller>(4, self));
    });
}

TEST_CASE("server: every command has the uid of who asks, and what they say of themselves") {
    world here;
    const std::vector<std::string> targets{"/v1/drain",
                                           "/v1/undrain",
                                           "/v1/neighbors/leaf1/shutdown",
                                           "/v1/neighbors/leaf1/enable",
                                           "/v1/neighbors/leaf1/reset",
                                           "/v1/neighbors/leaf1/refresh",
                                           "/v1/reload",
                                           "/v1/restart"};
    for (const auto& target : targets)
        CHECK(exchange(here.socket(), post(target, R"({"by":"alice"})"))
                  .starts_with("HTTP/1.1 200 OK"));
    CHECK(exchange(here.socket(), post("/v1/log", R"({"level":"debug","by":"alice"})"))
              .starts_with("HTTP/1.1 200 OK"));
    CHECK(exchange(here.socket(),
                   post("/v1/checks/web/page/report", R"({"result":"pass","by":"alice"})"))
              .starts_with("HTTP/1.1 200 OK"));
    here.on_loop([&] {
        CHECK(here.daemon.callers == std::vector<caller>(10, {.uid = ::getuid(), .by = "alice"}));
    });
}

TEST_CASE("server: a report is answered with the check as it is then, or with 409 or 404") {
    world here;
    const auto pass = post("/v1/checks/web/page/report", R"({"result":"pass"})");
    CHECK(exchange(here.socket(), pass).find(R"("name":"page","type":"exec","state":"pass")") !=
          std::string::npos);
    CHECK(exchange(here.socket(), post("/v1/checks/web/port/report", R"({"result":"pass"})")) ==
          problem_answer("409 Conflict", problem(409, "check_is_run", "the check is run").body));
    CHECK(exchange(here.socket(), post("/v1/checks/mail/page/report", R"({"result":"pass"})")) ==
          problem_answer("404 Not Found", problem(no_service("mail")).body));
}

TEST_CASE("server: requests sent at once are answered in their order, RFC 9112 §9.3.2") {
    world here;
    client asking{here.socket()};
    CHECK(asking.send(post("/v1/services/dns/drain", "{}") + get_dns +
                      post("/v1/services/dns/undrain", "") + get_dns));
    const auto drained_dns = answer("200 OK", "application/json", dns_json("draining") + "\n");
    CHECK(asking.reply() == drained_dns);
    CHECK(asking.reply() == drained_dns);
    CHECK(asking.reply() == dns_answer());
    CHECK(asking.reply() == dns_answer());
}

TEST_CASE("server: HEAD has the header of GET and no content, RFC 9110 §9.3.2") {
    world here;
    client asking{here.socket()};
    CHECK(asking.send("HEAD /v1/services/dns HTTP/1.1\r\nHost: h\r\n\r\n" + get_dns));
    const auto whole = dns_answer();
    CHECK(asking.reply(true) == whole.substr(0, whole.find("\r\n\r\n") + 4));
    CHECK(asking.reply() == whole);
}

TEST_CASE("server: a client that wants to close, or speaks HTTP/1.0, is closed after the answer") {
    world here;
    client closing{here.socket()};
    CHECK(closing.send("GET /v1/services/dns HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    CHECK(closing.rest() == dns_answer("Connection: close\r\n"));
    client old{here.socket()};
    CHECK(old.send("GET /v1/services/dns HTTP/1.0\r\n\r\n"));
    auto expected = dns_answer();
    expected.replace(5, 3, "1.0");
    CHECK(old.rest() == expected);
}

TEST_CASE("server: a client that has finished sending gets its answer") {
    world here;
    client asking{here.socket()};
    CHECK(asking.send(get_dns));
    asking.finish_sending();
    CHECK(asking.rest() == dns_answer());
}

TEST_CASE("server: a request that comes byte by byte is answered") {
    world here;
    client asking{here.socket()};
    for (const char byte : post("/v1/services/dns/undrain", "{}"))
        CHECK(asking.send({&byte, 1}));
    CHECK(asking.reply() == dns_answer());
}

TEST_CASE("server: a client that expects 100 is invited to send its content, RFC 9110 §10.1.1") {
    world here;
    client asking{here.socket()};
    CHECK(asking.send("POST /v1/services/dns/undrain HTTP/1.1\r\nHost: h\r\n"
                      "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    CHECK(asking.reply() == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(asking.send("{}"));
    CHECK(asking.reply() == dns_answer());
}

TEST_CASE("server: what is not HTTP is answered with 400, and the connection closed") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"\r\nhello\r\n\r\n", "bad method"},
        {std::string("\0\0\0\0\r\n\r\n", 8), "bad method"},
        {"GET\r\n\r\n", "bad method"},
        {"GET /v1/status\r\n\r\n", "bad target"},
        {"GET /v1/status HTTP/3.0\r\n\r\n", "bad version"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "bad version"},
        {"GET /v1/status HTTP/1.1\r\nno colon\r\n\r\n", "bad field"},
        {"POST /v1/drain HTTP/1.1\r\nContent-Length: x\r\n\r\n", "bad Content-Length"},
        {"POST /v1/drain HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
         "multiple Content-Length"},
        {"POST /v1/drain HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad chunk"},
    };
    world here;
    for (const auto& [bytes, reason] : rows) {
        CAPTURE(bytes);
        client asking{here.socket()};
        CHECK(asking.send(bytes));
        asking.finish_sending();
        CHECK(asking.rest() ==
              refusal_of(400, "Bad Request", "not_http", "this is not HTTP: " + reason));
    }
    CHECK(exchange(here.socket(), get_dns) == dns_answer());
}

TEST_CASE("server: a request that ends too soon is answered with 400; no request with nothing") {
    world here;
    client half{here.socket()};
    CHECK(half.send("POST /v1/drain HTTP/1.1\r\nContent-Length: 10\r\n\r\n{"));
    half.finish_sending();
    CHECK(half.rest() ==
          refusal_of(400, "Bad Request", "not_http", "this is not HTTP: partial message"));
    client silent{here.socket()};
    silent.finish_sending();
    CHECK(silent.rest().empty());
}

TEST_CASE("server: a body of 10 MB is refused with 413 before it has arrived") {
    world here;
    const std::string body(10'000'000, ' ');
    const auto refused =
        refusal_of(413, "Payload Too Large", "body_too_large", "the request's body is too large");
    client asking{here.socket()};
    asking.send(post("/v1/drain", body));
    CHECK(asking.reply() == refused);
    client in_chunks{here.socket()};
    in_chunks.send("POST /v1/drain HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n989680\r\n" +
                   body);
    CHECK(in_chunks.reply() == refused);
    client announcing{here.socket()};
    CHECK(
        announcing.send("POST /v1/drain HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n"));
    CHECK(announcing.reply() == refused);
    here.on_loop([&] { CHECK(here.daemon.drains.empty()); });
}

TEST_CASE("server: a body as large as allowed is taken, and one byte more refused") {
    world here;
    CHECK(exchange(here.socket(), post("/v1/undrain", std::string(64 * 1024, ' ')))
              .starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(exchange(here.socket(), post("/v1/undrain", std::string(64 * 1024 + 1, ' ')))
              .starts_with("HTTP/1.1 413 Payload Too Large\r\n"));
}

TEST_CASE("server: a flood of header is refused with 431") {
    world here;
    const auto refused = refusal_of(431, "Request Header Fields Too Large", "header_too_large",
                                    "the request's header is too large");
    client fields{here.socket()};
    std::string flood = "GET /v1/status HTTP/1.1\r\n";
    for (int i = 0; i < 100'000; ++i)
        flood += fmt::format("X-{}: y\r\n", i);
    fields.send(flood);
    CHECK(fields.reply() == refused);
    client target{here.socket()};
    target.send("GET /" + std::string(1'000'000, 'x'));
    CHECK(target.reply() == refused);
}

TEST_CASE("server: a request that does not arrive in time is answered with 408") {
    world here{impatient(&limits::request)};
    const auto refused =
        refusal_of(408, "Request Timeout", "request_timeout", "the request did not arrive in time");
    client silent{here.socket()};
    client half{here.socket()};
    CHECK(half.send("GET /v1/sta"));
    client body{here.socket()};
    CHECK(body.send("POST /v1/drain HTTP/1.1\r\nContent-Length: 10\r\n\r\n{"));
    CHECK(silent.rest() == refused);
    CHECK(half.rest() == refused);
    CHECK(body.rest() == refused);
}

TEST_CASE("server: a connection that stays idle after an answer is closed without a word") {
    world here{impatient(&limits::request)};
    client asking{here.socket()};
    CHECK(asking.send(get_dns));
    CHECK(asking.rest() == dns_answer());
}

TEST_CASE("server: a client that never reads its reply is dropped") {
    world here{impatient(&limits::reply)};
    here.on_loop([&] { here.daemon.shown.problems.assign(1, std::string(4'000'000, 'x')); });
    client stuck{here.socket()};
    CHECK(stuck.send(get("/v1/status")));
    // The client's own end says when it is dropped; it has read nothing until then.
    pollfd closed{stuck.handle(), POLLRDHUP, 0};
    CHECK(::poll(&closed, 1, 20000) == 1);
    CHECK(stuck.reply().ends_with("…closed"));
    CHECK(exchange(here.socket(), get_dns) == dns_answer());
}

TEST_CASE("server: of 1,000 connections those beyond the limit are refused with 503, and those "
          "within are served") {
    world here;
    std::vector<std::unique_ptr<client>> clients;
    for (int i = 0; i < 1000; ++i)
        clients.push_back(std::make_unique<client>(here.socket()));
    std::size_t refusals = 0;
    for (std::size_t i = 128; i < clients.size(); ++i) {
        if (clients[i]->rest() ==
            refusal_of(503, "Service Unavailable", "too_many_connections", "too many connections"))
            ++refusals;
    }
    CHECK(refusals == 1000 - 128);
    for (std::size_t i = 0; i < 128; ++i) {
        CHECK(clients[i]->send(get_dns));
        CHECK(clients[i]->reply() == dns_answer());
    }
    clients.clear();
    CHECK(exchange(here.socket(), get_dns) == dns_answer());
}

namespace {

/// Replies of this many bytes.
constexpr std::size_t large = 4'000'000;

void show_large_status(world& here) {
    here.on_loop([&] { here.daemon.shown.problems.assign(1, std::string(large, 'x')); });
}

} // namespace

TEST_CASE("server: replies that nobody takes are bounded together: others are told to come again") {
    limits bounds;
    bounds.replies = 3 * large;
    world here{bounds};
    show_large_status(here);
    std::vector<std::unique_ptr<client>> deaf;
    std::size_t refused = 0;
    for (int i = 0; i < 10; ++i) {
        deaf.push_back(std::make_unique<client>(here.socket()));
        CHECK(deaf.back()->send(get("/v1/status")));
        pollfd begun{deaf.back()->handle(), POLLIN, 0};
        CHECK(::poll(&begun, 1, 20000) == 1);
        std::array<char, 12> first{};
        CHECK(::recv(deaf.back()->handle(), first.data(), first.size(), MSG_PEEK) == 12);
        refused += std::string_view(first.data(), first.size()) == "HTTP/1.1 503" ? 1 : 0;
    }
    CHECK(refused >= 7); // what is in the sockets' buffers is held too
    CHECK(deaf.back()->reply() ==
          problem_answer("503 Service Unavailable", busy().body, "Retry-After: 1\r\n"));
    CHECK(exchange(here.socket(), get_dns) == dns_answer()); // there is room for a small one
    deaf.clear();
    std::string reply;
    const auto end = std::chrono::steady_clock::now() + 20s;
    do
        reply = exchange(here.socket(), get("/v1/status"));
    while (!reply.starts_with("HTTP/1.1 200") && std::chrono::steady_clock::now() < end);
    CHECK(reply.size() > large);
}

TEST_CASE("server: a reply larger than all may hold together goes out alone") {
    limits bounds;
    bounds.replies = 1000;
    world here{bounds};
    show_large_status(here);
    CHECK(exchange(here.socket(), get("/v1/status")).size() > large);
}

TEST_CASE("server: a probe's reply goes out whatever others hold") {
    limits bounds;
    bounds.replies = large;
    bounds.small_reply = 0;
    world here{bounds};
    const auto port = here.listen_for_everyone();
    show_large_status(here);
    client deaf{port};
    CHECK(deaf.send(get("/v1/status")));
    client metrics{port};
    for (int i = 0; i < 3; ++i) {
        CHECK(metrics.send(get("/metrics")));
        CHECK(metrics.reply().starts_with("HTTP/1.1 200 OK\r\n"));
    }
    CHECK(deaf.rest().size() < large); // it made room
}

TEST_CASE("server: what a command has done is told whatever others hold") {
    limits bounds;
    bounds.replies = large;
    bounds.small_reply = 0;
    world here{bounds};
    show_large_status(here);
    client deaf{here.socket()};
    CHECK(deaf.send(get("/v1/status")));
    CHECK(exchange(here.socket(), post("/v1/services/dns/drain", ""))
              .starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("server: probes over TCP are answered when all places are taken, by whomever") {
    limits bounds;
    bounds.connections = 8;
    bounds.extra_connections = 4;
    bounds.reply = 60s;
    bounds.request = 60s;
    world here{bounds};
    const auto port = here.listen_for_everyone();
    show_large_status(here);
    const std::vector<std::string> crowd{"", "GET /v1/sta", get("/v1/status"),
                                         get("/metrics") + get("/v1/status")};
    std::vector<std::unique_ptr<client>> clients;
    for (std::size_t i = 0; i < 40; ++i) {
        clients.push_back(std::make_unique<client>(port));
        CHECK(clients.back()->send(crowd[i % crowd.size()]));
        for (const auto* probe : {"/livez", "/readyz", "/metrics"}) {
            client asking{port};
            CHECK(asking.send(get(probe)));
            CHECK(asking.reply().starts_with("HTTP/1.1 200 OK\r\n"));
        }
    }
    client asking{port};
    CHECK(asking.send(get_dns));
    CHECK(asking.rest() ==
          refusal_of(503, "Service Unavailable", "too_many_connections", "too many connections"));
    client silent{port};
    CHECK(silent.rest() ==
          refusal_of(503, "Service Unavailable", "too_many_connections", "too many connections"));
    CHECK(exchange(here.socket(), get_dns) == dns_answer());
}

TEST_CASE("server: clients of a listener that is no more are closed; what is asked is answered") {
    world here;
    const auto port = here.listen_for_everyone();
    client idle{port};
    CHECK(idle.send(get_dns));
    CHECK(idle.reply() == dns_answer());
    client half{port};
    CHECK(half.send("GET /v1/sta"));
    here.on_loop([&] { CHECK(here.served->listen_for_everyone({}).value() == std::nullopt); });
    CHECK(idle.rest().empty());
    CHECK(half.rest().empty());
    const auto again = here.listen_for_everyone();
    client there{again};
    CHECK(there.send(get_dns));
    CHECK(there.reply() == dns_answer());
}

TEST_CASE("server: a listener that cannot be had leaves the one before as it is") {
    world here;
    const auto port = here.listen_for_everyone();
    client staying{port};
    CHECK(staying.send(get_dns));
    CHECK(staying.reply() == dns_answer());
    here.on_loop([&] {
        const boost::asio::ip::tcp::endpoint nowhere{boost::asio::ip::make_address_v4("192.0.2.1"),
                                                     1};
        CHECK_FALSE(here.served->listen_for_everyone({nowhere}).has_value());
    });
    CHECK(staying.send(get_dns));
    CHECK(staying.reply() == dns_answer());
    client late{port};
    CHECK(late.send(get_dns));
    CHECK(late.reply() == dns_answer());
}

TEST_CASE("server: without file descriptors it serves those it has, and the others later") {
    const auto reason = error_code{EMFILE, boost::system::system_category()}.message();
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    {
        world here{impatient(&limits::accept_retry)};
        client early{here.socket()};
        CHECK(early.send(get_dns));
        CHECK(early.reply() == dns_answer());
        // What is called first while there are no descriptors, UBSan cannot look at, and takes for
        // broken.
        here.on_loop([&] { static_cast<operations&>(here.daemon).cannot_accept("the first"); });
        const auto warned = [&] { return here.daemon.complaints.size() > 1; };
        CHECK_FALSE(here.on_loop(warned));
        std::unique_ptr<client> late;
        int filler = -1;
        here.on_loop([&] { // so that it cannot be accepted before the limit is there
            late = std::make_unique<client>(here.socket());
            filler = ::open("/dev/null", O_RDONLY | O_CLOEXEC); // the lowest that was free
            rlimit none = before;
            none.rlim_cur = static_cast<rlim_t>(filler) + 1;
            REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
        });
        CHECK(late->send(get_dns));
        CHECK(here.comes_true(warned));
        CHECK(early.send(get_dns));
        CHECK(early.reply() == dns_answer());
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
        ::close(filler);
        CHECK(late->reply() == dns_answer());
        here.on_loop([&] {
            CHECK(here.daemon.complaints == std::vector<std::string>{"the first", reason});
        });
    }
}

TEST_CASE("server: stopping closes what is idle and half sent, and removes the socket") {
    world here;
    client idle{here.socket()};
    CHECK(idle.send(get_dns));
    CHECK(idle.reply() == dns_answer());
    client half{here.socket()};
    CHECK(half.send("GET /v1/sta"));
    here.on_loop([&] { here.served->stop(); });
    CHECK(idle.rest().empty());
    CHECK(half.rest().empty());
    CHECK_FALSE(std::filesystem::exists(here.socket()));
}
