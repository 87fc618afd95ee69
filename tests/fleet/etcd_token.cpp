#include "herald/fleet/etcd_client.hpp"
#include "scripted_etcd.hpp"

#include <set>

namespace herald::fleet {
namespace {

using namespace test;

using strings = std::vector<std::string>;

const std::string invalid = refused("401 Unauthorized", 16, "etcdserver: invalid auth token");
const std::string old = refused("400 Bad Request", 3, "etcdserver: revision of auth store is old");

/// A member that gives tokens, and takes those that it is to take.
struct guarded {
    guarded()
        : etcd(io, [this](const asked& what) { return answer(what); })
        , settings(settings_of({etcd.endpoint()})) {
        settings.user = "herald";
        settings.password = "secret";
    }

    answered answer(const asked& what) {
        if (what.target() == "/v3/auth/authenticate") {
            const auto token = fmt::format("t{}", ++given);
            if (takes_new_ones)
                taken.insert(token);
            return {response("{" + header() + R"(,"token":")" + token + R"("})")};
        }
        const auto at = what.head.find("Authorization: ");
        const bool fits = at != std::string::npos && taken.contains(what.head.substr(at + 15, 2));
        if (what.target() == "/v3/watch")
            return {chunked + chunk(R"({"result":{)" + header() + R"(,"created":true)" +
                                    (fits ? ""
                                          : R"(,"canceled":true,"cancel_reason":"rpc error: )"
                                            R"(etcdserver: invalid auth token")") +
                                    "}}\n")};
        return {fits ? nothing() : refusal};
    }

    asio::io_context io;
    scripted_etcd etcd;
    etcd_settings settings;
    std::set<std::string> taken;
    bool takes_new_ones = true;
    std::string refusal = invalid;
    int given = 0;
};

const std::string authenticate = "/v3/auth/authenticate";
const std::string range = "/v3/kv/range";

TEST_CASE("etcd_client: a user gets a token before the first request, which the others show, too") {
    guarded there;
    etcd_client client(there.io.get_executor(), there.settings);
    for (int i = 0; i < 2; ++i)
        CHECK(result_of(there.io, client.range("/a/")).has_value());
    CHECK(there.etcd.targets() == strings{authenticate, range, range});
    CHECK(there.etcd.requests.front().content == R"({"name":"herald","password":"secret"})");
    CHECK_FALSE(there.etcd.requests.front().head.contains("Authorization"));
    CHECK(there.etcd.requests.back().head.contains("\r\nAuthorization: t1\r\n"));
}

TEST_CASE("etcd_client: a token that is void is got again, once") {
    for (const auto& refusal : {invalid, old}) {
        guarded there;
        there.refusal = refusal;
        etcd_client client(there.io.get_executor(), there.settings);
        CHECK(result_of(there.io, client.range("/a/")).has_value());
        there.taken.clear();
        CHECK(result_of(there.io, client.commit({})).has_value());
        CHECK(there.etcd.targets() ==
              strings{authenticate, range, "/v3/kv/txn", authenticate, "/v3/kv/txn"});
        there.taken.clear();
        there.takes_new_ones = false;
        CHECK_FALSE(result_of(there.io, client.range("/a/")).has_value());
        CHECK(there.given == 3);
    }
}

TEST_CASE("etcd_client: a watch whose token is void says so within its first message") {
    guarded there;
    etcd_client client(there.io.get_executor(), there.settings);
    CHECK(result_of(there.io, client.range("/a/")).has_value());
    there.taken.clear();
    auto watching = [&]() -> asio::awaitable<bool> {
        const auto watch = co_await client.watch("/a/", 1);
        co_return watch.has_value();
    };
    CHECK(result_of(there.io, watching()));
    CHECK(there.given == 2);
}

TEST_CASE("etcd_client: a wrong password is the error, and is not tried at every endpoint") {
    asio::io_context io;
    scripted_etcd first(io, [](const asked&) {
        return answered{refused("400 Bad Request", 3, "etcdserver: authentication failed")};
    });
    scripted_etcd second(io, [](const asked&) { return answered{nothing()}; });
    auto settings = settings_of({first.endpoint(), second.endpoint()});
    settings.user = "herald";
    settings.password = "wrong";
    etcd_client client(io.get_executor(), settings);
    CHECK(result_of(io, client.range("/a/")).error() ==
          first.url() + ": etcdserver: authentication failed");
    CHECK(second.requests.empty());
}

TEST_CASE("etcd_client: without a user, a refused token is the error") {
    guarded there;
    there.settings.user.clear();
    etcd_client client(there.io.get_executor(), there.settings);
    CHECK(result_of(there.io, client.range("/a/")).error() ==
          there.etcd.url() + ": etcdserver: invalid auth token");
    CHECK(there.given == 0);
}

} // namespace
} // namespace herald::fleet
