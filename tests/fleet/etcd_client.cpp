#include "herald/fleet/etcd_client.hpp"

#include "scripted_etcd.hpp"

#include "herald/text/version.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace herald::fleet {
namespace {

using namespace test;
using namespace std::chrono_literals;

using strings = std::vector<std::string>;

answered always_nothing(const asked&) {
    return {nothing()};
}

/// What a range's reply leads to, from the only endpoint.
std::string error_after(const std::string& octets) {
    asio::io_context io;
    scripted_etcd etcd(io, [&](const asked&) { return answered{octets, true}; });
    etcd_client client(io.get_executor(), settings_of({etcd.endpoint()}));
    const auto read = result_of(io, client.range("/a/"));
    REQUIRE_FALSE(read.has_value());
    REQUIRE(read.error().starts_with(etcd.url() + ": "));
    return read.error().substr(etcd.url().size() + 2);
}

TEST_CASE("etcd_client: a request is JSON, and its connection is kept for the next one") {
    asio::io_context io;
    scripted_etcd etcd(io, [](const asked& what) {
        return answered{what.target() == "/v3/lease/keepalive"
                            ? chunked +
                                  chunk(R"({"result":{)" + header() +
                                        R"(,"TTL":"9"}})"
                                        "\n") +
                                  last_chunk
                            : nothing()};
    });
    etcd_client client(io.get_executor(), settings_of({etcd.endpoint()}));
    CHECK(result_of(io, client.range("/a/")) == etcd_range{9, {}});
    CHECK(result_of(io, client.keep_alive(5)) == true);
    CHECK(result_of(io, client.revoke(5)).has_value());
    CHECK(etcd.connections() == 1);
    CHECK(etcd.targets() == strings{"/v3/kv/range", "/v3/lease/keepalive", "/v3/lease/revoke"});
    CHECK(etcd.requests.front().content == R"({"key":"L2Ev","range_end":"L2Ew"})");
    CHECK(etcd.requests.front().head == "POST /v3/kv/range HTTP/1.1\r\n"
                                        "Host: " +
                                            etcd.url().substr(7) +
                                            "\r\n"
                                            "User-Agent: herald/" +
                                            std::string(herald::text::version()) +
                                            "\r\n"
                                            "Accept: */*\r\n"
                                            "Content-Type: application/json\r\n"
                                            "Grpc-Metadata-Hasleader: true\r\n"
                                            "Content-Length: 33");
}

TEST_CASE("etcd_client: two requests at once have a connection each") {
    asio::io_context io;
    std::optional<scripted_etcd> etcd;
    etcd.emplace(io, [&](const asked&) {
        if (etcd->requests.size() == 2) // the first is answered after the second came
            etcd->send(etcd->requests[0].connection, nothing());
        return etcd->requests.size() == 1 ? answered{} : answered{nothing()};
    });
    etcd_client client(io.get_executor(), settings_of({etcd->endpoint()}));
    int ended = 0;
    for (int i = 0; i < 2; ++i)
        asio::co_spawn(io, client.range("/a/"), [&](std::exception_ptr, const auto& read) {
            CHECK(read.has_value());
            ++ended;
        });
    REQUIRE(herald::test::run_until(io, [&] { return ended == 2; }));
    CHECK(result_of(io, client.range("/a/")).has_value());
    CHECK(etcd->connections() == 2);
}

TEST_CASE("etcd_client: a kept connection that was closed meanwhile is no failure") {
    asio::io_context io;
    scripted_etcd etcd(io, always_nothing);
    etcd_client client(io.get_executor(), settings_of({etcd.endpoint()}));
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(result_of(io, client.commit({})).has_value());
        CHECK(etcd.connections() == i + 1);
        etcd.close(i);
    }
}

TEST_CASE("etcd_client: endpoints are tried in turn, and it stays with one that works") {
    asio::io_context io;
    bool works = true;
    scripted_etcd dead(io, [](const asked&) { return answered{"", true}; });
    scripted_etcd first(io, [&](const asked&) {
        return works ? answered{nothing()}
                     : answered{refused("503 Service Unavailable", 14, "etcdserver: no leader")};
    });
    scripted_etcd second(io, always_nothing);
    etcd_client client(io.get_executor(),
                       settings_of({dead.endpoint(), first.endpoint(), second.endpoint()}));
    for (int i = 0; i < 2; ++i)
        CHECK(result_of(io, client.range("/a/")).has_value());
    CHECK(dead.requests.size() == 1);
    CHECK(first.requests.size() == 2);
    works = false;
    for (int i = 0; i < 2; ++i)
        CHECK(result_of(io, client.range("/a/")).has_value());
    CHECK(first.requests.size() == 3);
    CHECK(second.requests.size() == 2);
    CHECK(dead.requests.size() == 1);
}

TEST_CASE("etcd_client: when all endpoints fail, the error names each") {
    asio::io_context io;
    scripted_etcd first(io, [](const asked&) { return answered{"", true}; });
    scripted_etcd second(io, [](const asked&) { return answered{response("<html>"), true}; });
    etcd_client client(io.get_executor(), settings_of({first.endpoint(), second.endpoint()}));
    CHECK(result_of(io, client.range("/a/")).error() ==
          first.url() + ": closed before the response; " + second.url() +
              ": not a reply of etcd: \"<html>\"");
}

TEST_CASE("etcd_client: what all endpoints would say is asked of one") {
    asio::io_context io;
    scripted_etcd first(io, [](const asked&) {
        return answered{refused("403 Forbidden", 7, "etcdserver: permission denied")};
    });
    scripted_etcd second(io, always_nothing);
    etcd_client client(io.get_executor(), settings_of({first.endpoint(), second.endpoint()}));
    CHECK(result_of(io, client.range("/a/")).error() ==
          first.url() + ": etcdserver: permission denied");
    CHECK(second.requests.empty());
}

TEST_CASE("etcd_client: a transaction that may have arrived is not sent again") {
    asio::io_context io;
    scripted_etcd first(io, [](const asked&) { return answered{"", true}; });
    scripted_etcd second(io, always_nothing);
    etcd_client client(io.get_executor(), settings_of({first.endpoint(), second.endpoint()}));
    CHECK(result_of(io, client.commit({})).error() == first.url() + ": closed before the response");
    CHECK(second.requests.empty());
    CHECK(result_of(io, client.commit({})) == etcd_outcome{false, 9, {}});
    CHECK(first.requests.size() == 1);
}

TEST_CASE("etcd_client: a transaction that cannot have arrived goes to the next endpoint") {
    asio::io_context io;
    std::optional<scripted_etcd> gone(std::in_place, io, always_nothing);
    const auto nobody = gone->endpoint();
    gone.reset();
    scripted_etcd second(io, always_nothing);
    etcd_client client(io.get_executor(), settings_of({nobody, second.endpoint()}));
    CHECK(result_of(io, client.commit({})) == etcd_outcome{false, 9, {}});
}

TEST_CASE("etcd_client: an endpoint that takes connections and never answers is given up") {
    asio::io_context io;
    scripted_etcd hung(io, [](const asked&) { return answered{}; });
    scripted_etcd second(io, always_nothing);
    auto settings = settings_of({hung.endpoint()});
    settings.timeout = 20ms;
    etcd_client alone(io.get_executor(), settings);
    CHECK(result_of(io, alone.range("/a/")).error() ==
          hung.url() + ": timed out after 0.02 s: waiting for the reply");
    settings.endpoints.push_back(second.endpoint());
    settings.timeout = 500ms;
    etcd_client client(io.get_executor(), settings);
    CHECK(result_of(io, client.range("/a/")).has_value());
    CHECK(hung.requests.size() == 2);
}

TEST_CASE("etcd_client: a member that lags behind, or of another cluster, is not believed") {
    asio::io_context io;
    unsigned term = 5;
    unsigned cluster = 7;
    scripted_etcd first(io, [&](const asked&) { return answered{nothing(term, cluster)}; });
    scripted_etcd second(io, [](const asked&) { return answered{nothing(6)}; });
    const auto settings = settings_of({first.endpoint(), second.endpoint()});
    etcd_client client(io.get_executor(), settings);
    CHECK(result_of(io, client.range("/a/")).has_value());
    term = 4;
    CHECK(result_of(io, client.range("/a/")).has_value());
    CHECK(second.requests.size() == 1);

    etcd_client alone(io.get_executor(), settings_of({first.endpoint()}));
    CHECK(result_of(io, alone.range("/a/")).has_value());
    term = 3;
    CHECK(result_of(io, alone.range("/a/")).error() ==
          first.url() + ": lags behind: its raft term is 3, that of the cluster 4");
    cluster = 8;
    CHECK(result_of(io, alone.range("/a/")).error() ==
          first.url() + ": is of the cluster 8, the others of 7; if etcd was set up anew, restart "
                        "herald");
}

TEST_CASE("etcd_client: a reply that is cut off, endless, or nobody's is named") {
    const auto whole = nothing();
    CHECK(error_after(whole.substr(0, whole.size() - 1)) == "closed in the middle of the response");
    CHECK(error_after(chunked + chunk("{") + "5\r\n\"a") == "closed in the middle of the response");
    CHECK(error_after(response("{}")) == "not a reply of etcd: it names no cluster");
    CHECK(error_after(response("{" + header() + R"(,"kvs":1})")) ==
          "not a reply of etcd: kvs is not what it should be");
    CHECK(error_after("SSH-2.0-x\r\n") == "not a response of HTTP: bad version");
    CHECK(error_after(response("Misdirected\n", "421 Misdirected Request")) ==
          "answered 421: Misdirected");
}

TEST_CASE("etcd_client: a reply is read up to a bound") {
    asio::io_context io;
    scripted_etcd etcd(io, [&](const asked&) {
        return answered{response("{" + std::string(std::size_t{1} << 20U, ' ') + "}")};
    });
    etcd_client client(io.get_executor(), settings_of({etcd.endpoint()}));
    CHECK(result_of(io, client.keep_alive(5)).error() ==
          etcd.url() + ": the reply is longer than 1048576 octets");
}

TEST_CASE("etcd_client: a request that is cancelled ends at once, and others go on") {
    asio::io_context io;
    std::optional<scripted_etcd> etcd;
    etcd.emplace(io, [&](const asked&) {
        return etcd->requests.size() == 1 ? answered{} : answered{nothing()};
    });
    scripted_etcd second(io, always_nothing);
    etcd_client client(io.get_executor(), settings_of({etcd->endpoint(), second.endpoint()}));
    asio::cancellation_signal cancel;
    bool ended = false;
    asio::co_spawn(io, client.range("/a/"),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [&](std::exception_ptr, const auto&) { ended = true; }));
    REQUIRE(herald::test::run_until(io, [&] { return etcd->requests.size() == 1; }));
    cancel.emit(asio::cancellation_type::terminal);
    REQUIRE(herald::test::run_until(io, [&] { return ended; }));
    CHECK(result_of(io, client.range("/a/")).has_value());
    CHECK(etcd->connections() == 2);
    CHECK(second.requests.empty());
}

TEST_CASE("etcd_client: a request may end after its client") {
    asio::io_context io;
    scripted_etcd etcd(io, always_nothing);
    std::optional<etcd_client> client(std::in_place, io.get_executor(),
                                      settings_of({etcd.endpoint()}));
    auto asking = client->range("/a/");
    client.reset();
    CHECK(result_of(io, std::move(asking)).has_value());
}

} // namespace
} // namespace herald::fleet
