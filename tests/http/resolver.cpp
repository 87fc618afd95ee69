#include "herald/http/resolver.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <doctest/doctest.h>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using answer = std::expected<addresses, std::string>;

/// What a test waits for comes within milliseconds, or the test fails after this.
constexpr std::chrono::seconds bound{20};

const auto here = asio::ip::make_address("192.0.2.1");
const auto there = asio::ip::make_address("192.0.2.2");

/// A name server that can be made to hang. What it does is shared with the calls, which may outlast
/// the test.
struct name_server {
    std::atomic<int> calls = 0;
    std::atomic<bool> hangs = false; // for names that begin with "slow"
    std::promise<void> end;
    std::shared_future<void> ended = end.get_future().share();
    std::atomic<int> version = 1;
    resolver::found (*special)(const std::string&) = nullptr;

    resolver::found ask(const std::string& name) {
        ++calls;
        if (hangs && name.starts_with("slow"))
            ended.wait();
        if (special != nullptr)
            return special(name);
        return {{version == 1 ? here : there}, {}, false};
    }
};

class names {
public:
    names() {
        asio::make_service<resolver>(
            io, [server = server](const std::string& name) { return server->ask(name); });
    }
    ~names() { server->end.set_value(); }
    names(const names&) = delete;
    names& operator=(const names&) = delete;

    /// Begins to look a name up; its answer is put in place when it is there.
    std::shared_ptr<std::optional<answer>> begin(const std::string& name) {
        auto into = std::make_shared<std::optional<answer>>();
        asio::co_spawn(
            io,
            [this, name, into]() -> asio::awaitable<void> {
                *into = co_await resolver::of(io.get_executor()).resolve(io.get_executor(), name);
            },
            asio::detached);
        return into;
    }
    template <class condition>
    bool run_until(condition holds) {
        const auto end = std::chrono::steady_clock::now() + bound;
        while (!holds()) {
            io.restart();
            if (io.run_one_until(end) == 0 && std::chrono::steady_clock::now() >= end)
                return holds();
        }
        return true;
    }
    answer look_up(const std::string& name) {
        const auto into = begin(name);
        REQUIRE(run_until([&] { return into->has_value(); }));
        return **into;
    }

    std::shared_ptr<name_server> server = std::make_shared<name_server>();
    asio::io_context io{1};
};

TEST_CASE("resolver: an address needs no look-up") {
    names under_test;
    CHECK(under_test.look_up("192.0.2.1") == addresses{here});
    CHECK(under_test.server->calls == 0);
}

TEST_CASE("resolver: a name that hangs delays none of eleven others, again and again") {
    names under_test;
    under_test.server->hangs = true;
    const auto slow = under_test.begin("slow.example");
    for (int round = 0; round < 10; ++round)
        for (int i = 0; i < 11; ++i)
            CHECK(under_test.look_up("name" + std::to_string(i)) == addresses{here});
    CHECK_FALSE(slow->has_value());
}

TEST_CASE("resolver: a name has one look-up under way, whoever asks for it") {
    names under_test;
    under_test.server->hangs = true;
    std::vector<std::shared_ptr<std::optional<answer>>> asked;
    for (int i = 0; i < 20; ++i)
        asked.push_back(under_test.begin("slow.example"));
    CHECK(under_test.look_up("other") == addresses{here});
    CHECK(under_test.server->calls == 2);
    for (const auto& one : asked)
        CHECK_FALSE(one->has_value());
}

TEST_CASE("resolver: the last addresses count while a name is looked up again for long") {
    names under_test;
    CHECK(under_test.look_up("slow.example") == addresses{here});
    under_test.server->hangs = true;
    CHECK(under_test.look_up("slow.example") == addresses{here});
    CHECK(under_test.look_up("slow.example") == addresses{here});
    CHECK(under_test.server->calls == 2);
}

TEST_CASE("resolver: new addresses count at once when the look-up takes no time") {
    names under_test;
    CHECK(under_test.look_up("example") == addresses{here});
    under_test.server->version = 2;
    CHECK(under_test.look_up("example") == addresses{there});
}

TEST_CASE("resolver: the last addresses count while no server answers, not when the name is gone") {
    names under_test;
    CHECK(under_test.look_up("example") == addresses{here});
    under_test.server->special = [](const std::string&) {
        return resolver::found{{}, "try again", true};
    };
    CHECK(under_test.look_up("example") == addresses{here});
    CHECK(under_test.look_up("new") == answer(std::unexpected("cannot resolve new: try again")));
    under_test.server->special = [](const std::string&) {
        return resolver::found{{}, "host not found", false};
    };
    const answer gone = std::unexpected("cannot resolve example: host not found");
    CHECK(under_test.look_up("example") == gone);
    under_test.server->special = [](const std::string&) {
        return resolver::found{{}, "try again", true};
    };
    CHECK(under_test.look_up("example") ==
          answer(std::unexpected("cannot resolve example: try again")));
}

TEST_CASE("resolver: its end waits for no look-up, and nobody hears of one that ends later") {
    auto under_test = std::make_unique<names>();
    const auto server = under_test->server;
    server->hangs = true;
    const auto slow = under_test->begin("slow.example");
    CHECK(under_test->look_up("other") == addresses{here});
    while (server->calls < 2)
        std::this_thread::yield();
    under_test.reset(); // or it hangs here; and then the call returns
    CHECK_FALSE(slow->has_value());
}

} // namespace
} // namespace herald::http
