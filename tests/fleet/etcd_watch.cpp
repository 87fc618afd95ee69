#include "herald/fleet/etcd_client.hpp"
#include "scripted_etcd.hpp"

namespace herald::fleet {
namespace {

using namespace test;
using namespace std::chrono_literals;

std::string message(const std::string& fields, unsigned term = 2) {
    return R"({"result":{)" + header(term) + fields + "}}\n";
}
const std::string created = message(R"(,"created":true)");
const std::string event = message(R"(,"events":[{"kv":{"key":"YQ==","mod_revision":"9"}}])");
const etcd_events read_event{9, {{false, {"a", "", 0, 9, 0, 0}}}};

using events_or_end = std::expected<etcd_events, etcd_watch_end>;

asio::awaitable<std::vector<events_or_end>> watch(etcd_client& client,
                                                  std::chrono::milliseconds limit) {
    std::vector<events_or_end> all;
    auto opened = co_await client.watch("/a/", 8);
    if (!opened) {
        all.emplace_back(std::unexpect, opened.error());
        co_return all;
    }
    while (all.empty() || all.back().has_value())
        all.push_back(co_await opened->next(limit));
    co_return all;
}

/// One watch at one endpoint that answers so, and then closes if it is to; without its name.
std::vector<events_or_end> watched(const std::string& octets, bool closes = true,
                                   std::chrono::milliseconds limit = 20s) {
    asio::io_context io;
    scripted_etcd etcd(io, [&](const asked&) { return answered{octets, closes}; });
    etcd_client client(io.get_executor(), settings_of({etcd.endpoint()}));
    auto all = result_of(io, watch(client, limit));
    auto& why = all.back().error().why;
    REQUIRE(why.starts_with(etcd.url() + ": "));
    why.erase(0, etcd.url().size() + 2);
    return all;
}

std::vector<events_or_end> only(const std::string& why, revision compacted = 0) {
    return {std::unexpected(etcd_watch_end{why, compacted})};
}

TEST_CASE("etcd_watch: it asks for a prefix from a revision on, on a connection of its own") {
    asio::io_context io;
    scripted_etcd etcd(io, [](const asked& what) {
        return what.target() == "/v3/watch" ? answered{chunked + chunk(created)}
                                            : answered{nothing()};
    });
    etcd_client client(io.get_executor(), settings_of({etcd.endpoint()}));
    auto both = [&]() -> asio::awaitable<bool> {
        auto opened = co_await client.watch("/a/", 8);
        auto read = co_await client.range("/a/");
        co_return opened.has_value() && read.has_value();
    };
    CHECK(result_of(io, both()));
    CHECK(etcd.connections() == 2);
    CHECK(etcd.requests.front().content ==
          R"({"create_request":{"key":"L2Ev","range_end":"L2Ew","start_revision":"8"}})");
}

TEST_CASE("etcd_watch: messages are lines, in whatever pieces they come") {
    const auto all = created + event + event;
    auto expected = only("closed");
    expected.insert(expected.begin(), 2, read_event);
    CHECK(watched(chunked + chunk(all) + last_chunk) == expected);
    auto octets = chunked;
    for (const char octet : all)
        octets += chunk(std::string(1, octet));
    CHECK(watched(octets + last_chunk) == expected);
}

TEST_CASE("etcd_watch: what comes later is read when it comes") {
    asio::io_context io;
    scripted_etcd etcd(io, [](const asked&) { return answered{chunked + chunk(created)}; });
    etcd_client client(io.get_executor(), settings_of({etcd.endpoint()}));
    std::optional<etcd_watch> watch;
    auto open = [&]() -> asio::awaitable<bool> {
        auto opened = co_await client.watch("/a/", 8);
        if (opened)
            watch = *std::move(opened);
        co_return opened.has_value();
    };
    REQUIRE(result_of(io, open()));
    for (int i = 0; i < 3; ++i) {
        etcd.send(0, chunk(event));
        CHECK(result_of(io, watch->next(20s)) == read_event);
    }
    etcd.send(0, last_chunk);
    CHECK_FALSE(result_of(io, watch->next(20s)).has_value());
    CHECK(result_of(io, watch->next(20s)).error() == etcd_watch_end{"the watch has ended", 0});
}

TEST_CASE("etcd_watch: an error within the stream is its end") {
    const std::string error =
        R"({"error":{"grpc_code":14,"message":"etcdserver: no leader","http_code":503}})"
        "\n";
    CHECK(watched(chunked + chunk(created + error)) == only("etcdserver: no leader"));
    CHECK(watched(chunked + chunk(error)) == only("etcdserver: no leader"));
    CHECK(watched(refused("503 Service Unavailable", 14, "etcdserver: no leader")) ==
          only("etcdserver: no leader"));
    CHECK(watched(chunked + chunk(created + message(R"(,"canceled":true,"cancel_reason":"x")"))) ==
          only("x"));
    CHECK(watched(chunked + chunk(created + message(R"(,"canceled":true)"))) ==
          only("etcd has ended the watch"));
}

TEST_CASE("etcd_watch: a revision that is forgotten is told, and is not the endpoint's fault") {
    asio::io_context io;
    const auto forgotten = message(R"(,"canceled":true,"compact_revision":"12")");
    scripted_etcd first(
        io, [&](const asked&) { return answered{chunked + chunk(created + forgotten)}; });
    scripted_etcd second(io, [](const asked&) { return answered{nothing()}; });
    etcd_client client(io.get_executor(), settings_of({first.endpoint(), second.endpoint()}));
    for (int i = 0; i < 2; ++i)
        CHECK(result_of(io, watch(client, 20s)) ==
              only(first.url() + ": etcd has forgotten what was before revision 12", 12));
    CHECK(second.requests.empty());
}

TEST_CASE("etcd_watch: what is cut off, too long, or no message is its end") {
    CHECK(watched(chunked + chunk(created) + "9\r\n{\"") ==
          only("closed in the middle of the response"));
    CHECK(watched(chunked + chunk(created + event.substr(0, 20)) + last_chunk) ==
          only("closed in the middle of a line"));
    CHECK(watched(chunked + chunk(created + "hello\n")) == only("not a reply of etcd: \"hello\""));
    CHECK(watched(chunked + chunk(created + "{}\n")) ==
          only("not a reply of etcd: it names no cluster"));
    CHECK(watched(chunked + chunk(created + message("", 1))) ==
          only("lags behind: its raft term is 1, that of the cluster 2"));
    CHECK(watched(chunked + chunk(event)) ==
          only("not a reply of etcd: created is not what it should be"));
    CHECK(watched(chunked + chunk(created + std::string((std::size_t{16} << 20U) + 1, ' '))) ==
          only("the reply is longer than 16777216 octets"));
}

TEST_CASE("etcd_watch: silence is its end, and another endpoint is asked then") {
    CHECK(watched(chunked + chunk(created), false, 20ms) == only("nothing came for 0.02 s"));
    asio::io_context io;
    scripted_etcd silent(io, [](const asked&) { return answered{chunked + chunk(created)}; });
    scripted_etcd second(io, [](const asked&) { return answered{nothing()}; });
    etcd_client client(io.get_executor(), settings_of({silent.endpoint(), second.endpoint()}));
    CHECK(result_of(io, watch(client, 20ms)).size() == 1);
    CHECK(result_of(io, client.range("/a/")).has_value());
    CHECK(second.requests.size() == 1);
}

TEST_CASE("etcd_watch: it may end after its client") {
    asio::io_context io;
    scripted_etcd etcd(
        io, [](const asked&) { return answered{chunked + chunk(created + event), true}; });
    std::optional<etcd_client> client(std::in_place, io.get_executor(),
                                      settings_of({etcd.endpoint()}));
    auto watching = [&]() -> asio::awaitable<bool> {
        auto opened = co_await client->watch("/a/", 8);
        client.reset();
        auto next = opened->next(20s);
        opened = std::unexpected("gone");
        const auto read = co_await std::move(next);
        co_return read.has_value();
    };
    CHECK(result_of(io, watching()));
}

} // namespace
} // namespace herald::fleet
