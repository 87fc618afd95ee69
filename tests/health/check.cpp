#include "herald/health/check.hpp"

#include "herald/http/resolver.hpp"
#include "support.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <memory>
#include <vector>

namespace herald::health {
namespace {

using namespace std::chrono_literals;

check_settings every_20ms(probe_settings probe) {
    check_settings settings;
    settings.name = "test";
    settings.interval = 20ms;
    settings.fast_interval = 5ms;
    settings.timeout = 10s;
    settings.rise = 2;
    settings.fall = 2;
    settings.probe = std::move(probe);
    return settings;
}

exec_settings shell(const std::string& script) {
    return {{"/bin/sh", "-c", script}};
}

TEST_CASE("check: it settles after `rise` results, and tells of each run and each change") {
    test::loop io;
    test::temporary_directory directory;
    auto flag = directory.path() / "up";
    std::ofstream{flag};

    std::vector<std::optional<verdict>> settled;
    check under_test(io.get_executor(), every_20ms(exec_settings{{"test", "-e", flag}}),
                     [&](const check& self, bool changed) {
                         if (changed)
                             settled.push_back(self.status().settled);
                     });
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return settled.size() == 1; }));
    CHECK(under_test.status().runs == 2);
    CHECK(under_test.status().last->outcome == verdict::pass);
    CHECK(under_test.status().last->duration > 0ns);
    CHECK(under_test.status().last_change == under_test.status().last_run);

    std::filesystem::remove(flag);
    REQUIRE(test::run_until(io, [&] { return settled.size() == 2; }));
    CHECK(under_test.status().last->output == "exit status 1");
    std::ofstream{flag};
    REQUIRE(test::run_until(io, [&] { return settled.size() == 3; }));
    CHECK(settled ==
          std::vector<std::optional<verdict>>{verdict::pass, verdict::fail, verdict::pass});
}

TEST_CASE("check: until it has settled it runs at the fast interval") {
    test::loop io;
    auto settings = every_20ms(exec_settings{{"/bin/true"}});
    settings.interval = 1h;
    settings.rise = 5;
    check under_test(io.get_executor(), settings, [](const check&, bool) {});
    under_test.start();
    CHECK(test::run_until(io, [&] { return under_test.status().settled == verdict::pass; }));
    CHECK(under_test.status().runs == 5);
}

TEST_CASE("check: runs begin an interval apart, on one beat") {
    test::loop io;
    auto settings = every_20ms(exec_settings{{"/bin/true"}});
    settings.rise = 1;
    std::vector<std::chrono::steady_clock::time_point> begun;
    check under_test(io.get_executor(), settings, [&](const check& self, bool) {
        begun.push_back(self.status().last_run - self.status().last->duration);
    });
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return begun.size() == 20; }));
    // None before its time; how late one is, is the machine's affair.
    for (std::size_t i = 1; i < begun.size(); ++i)
        CHECK(begun[i] - begun[0] > 20ms * i - 10ms);
}

TEST_CASE("check: two of its runs never overlap, though a run takes longer than the interval") {
    test::loop io;
    test::temporary_directory directory;
    auto lock = (directory.path() / "lock").string();
    auto settings = every_20ms(shell("mkdir " + lock + " && sleep 0.03 && rmdir " + lock));
    std::vector<verdict> outcomes;
    check under_test(io.get_executor(), settings, [&](const check& self, bool) {
        outcomes.push_back(self.status().last->outcome);
    });
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return outcomes.size() == 10; }));
    CHECK(outcomes == std::vector(10, verdict::pass));
}

TEST_CASE("check: a run that is not over at the timeout has failed, and its group is killed") {
    test::loop io;
    auto settings = every_20ms(shell("sleep 1000 & echo $!; wait"));
    settings.timeout = 200ms;
    settings.fall = 1;
    std::optional<probe_result> result;
    check under_test(io.get_executor(), settings,
                     [&](const check& self, bool) { result = *self.status().last; });
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return result.has_value(); }));
    CHECK(result->outcome == verdict::fail);
    CHECK(result->timed_out);
    CHECK(result->could_run);
    CHECK(result->duration >= 200ms);
    std::string begins = "timed out after 0.2 s: ";
    REQUIRE(result->output.starts_with(begins));
    CHECK(test::ends(std::stoi(result->output.substr(begins.size()))));
    CHECK(under_test.status().settled == verdict::fail);
}

TEST_CASE("check: after a timeout the next run is judged by itself") {
    test::loop io;
    test::temporary_directory directory;
    auto once = (directory.path() / "once").string();
    auto settings = every_20ms(shell("test -e " + once + " || { : > " + once + "; sleep 1000; }"));
    settings.timeout = 200ms;
    std::vector<bool> timed_out;
    check under_test(io.get_executor(), settings, [&](const check& self, bool) {
        timed_out.push_back(self.status().last->timed_out);
    });
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return timed_out.size() == 3; }));
    CHECK(timed_out == std::vector{true, false, false});
    CHECK(under_test.status().settled == verdict::pass);
}

TEST_CASE("check: a check that could not be run has failed, and says why") {
    test::loop io;
    check under_test(io.get_executor(), every_20ms(exec_settings{{"/nonexistent"}}),
                     [](const check&, bool) {});
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return under_test.status().settled.has_value(); }));
    CHECK(under_test.status().settled == verdict::fail);
    CHECK_FALSE(under_test.status().last->could_run);
    CHECK(under_test.status().last->output == "/nonexistent: No such file or directory");
}

TEST_CASE("check: a tcp check times out with what it was at") {
    test::loop io;
    boost::asio::ip::tcp::acceptor silent(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
    auto settings =
        every_20ms(tcp_settings{"127.0.0.1", silent.local_endpoint().port(), "", "220"});
    settings.timeout = 50ms;
    check under_test(io.get_executor(), settings, [](const check&, bool) {});
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return under_test.status().last.has_value(); }));
    CHECK(under_test.status().last->timed_out);
    CHECK(under_test.status().last->output ==
          "timed out after 0.05 s: waiting for the expected answer");
}

TEST_CASE("check: a name that hangs fails its own check alone") {
    // The call outlasts the loop.
    const auto end = std::make_shared<std::promise<void>>();
    {
        boost::asio::io_context io;
        const auto here = boost::asio::ip::make_address("127.0.0.1");
        boost::asio::make_service<http::resolver>(
            io, [here, ended = end->get_future().share()](const std::string& name) {
                if (name == "hangs.example")
                    ended.wait();
                return http::resolver::found{{here}, {}, false};
            });
        boost::asio::ip::tcp::acceptor service(io, {here, 0}); // its backlog accepts
        auto settings = every_20ms({});
        settings.interval = 200ms;
        settings.fast_interval = 200ms;
        settings.timeout = 150ms;
        std::vector<std::unique_ptr<check>> checks;
        const auto add = [&](const std::string& name) {
            settings.probe = tcp_settings{name, service.local_endpoint().port(), "", ""};
            checks.push_back(
                std::make_unique<check>(io.get_executor(), settings, [](const check&, bool) {}));
            checks.back()->start();
        };
        add("hangs.example");
        for (int i = 0; i < 11; ++i)
            add(fmt::format("name{}.example", i));
        REQUIRE(test::run_until(io, [&] {
            return std::ranges::all_of(
                checks, [](const auto& one) { return one->status().settled.has_value(); });
        }));
        CHECK(checks[0]->status().settled == verdict::fail);
        CHECK(checks[0]->status().last->output ==
              "timed out after 0.15 s: resolving hangs.example");
        for (std::size_t i = 1; i < checks.size(); ++i)
            CHECK(checks[i]->status().settled == verdict::pass);
    }
    end->set_value();
}

TEST_CASE("check: destroyed during a run, it calls nobody and leaves no child") {
    test::loop io;
    int called = 0;
    auto under_test =
        std::make_unique<check>(io.get_executor(), every_20ms(exec_settings{{"sleep", "1000"}}),
                                [&](const check&, bool) { ++called; });
    under_test->start();
    REQUIRE(test::run_until(io, [] { return test::has_live_children(); }));
    under_test.reset();
    CHECK(test::run_out(io));
    CHECK(called == 0);
    CHECK_FALSE(test::has_children());
}

TEST_CASE("check: destroyed before its first run, it never runs") {
    test::loop io;
    int called = 0;
    check(io.get_executor(), every_20ms(exec_settings{{"/bin/true"}}), [&](const check&, bool) {
        ++called;
    }).start();
    CHECK(test::run_out(io));
    CHECK(called == 0);
}

TEST_CASE("check: its observer may destroy it") {
    test::loop io;
    auto settings = every_20ms(exec_settings{{"/bin/true"}});
    for (auto timeout : {10000ms, 1ms}) {
        settings.timeout = timeout; // by a result, and by the timeout
        settings.probe =
            timeout == 1ms ? exec_settings{{"sleep", "1000"}} : exec_settings{{"true"}};
        std::unique_ptr<check> under_test;
        int called = 0;
        under_test = std::make_unique<check>(io.get_executor(), settings, [&](const check&, bool) {
            ++called;
            under_test.reset();
        });
        under_test->start();
        CHECK(test::run_out(io));
        CHECK(called == 1);
        CHECK_FALSE(test::has_children());
    }
}

TEST_CASE("check: hundreds of runs leave no descriptor and no child") {
    auto settings = every_20ms(exec_settings{{"/bin/true"}});
    settings.interval = 1ms;
    settings.fast_interval = 1ms;
    test::loop io;
    auto under_test =
        std::make_unique<check>(io.get_executor(), settings, [](const check&, bool) {});
    under_test->start();
    REQUIRE(test::run_until(io, [&] { return under_test->status().runs == 1; }));
    auto before = test::open_descriptors(); // by now the loop has its own
    REQUIRE(test::run_until(io, [&] { return under_test->status().runs == 300; }));
    under_test.reset();
    CHECK(test::run_out(io));
    CHECK(test::open_descriptors() == before);
    CHECK_FALSE(test::has_children());
}

TEST_CASE("check: types have the contract's names") {
    CHECK(type_name(exec_settings{}) == "exec");
    CHECK(type_name(tcp_settings{}) == "tcp");
    CHECK(type_name(http_settings{}) == "http");
    CHECK(type_name(dns_settings{}) == "dns");
    CHECK(type_name(ntp_settings{}) == "ntp");
    CHECK(type_name(push_settings{}) == "push");
}

} // namespace
} // namespace herald::health
