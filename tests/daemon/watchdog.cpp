#include "herald/daemon/watchdog.hpp"

#include "herald/daemon/managed_service.hpp"
#include "tests/support/event_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <doctest/doctest.h>
#include <unistd.h>
#include <vector>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;

namespace {

/// Sets variables of the environment while it lives.
class environment {
public:
    environment(const char* interval, const std::string& process) {
        ::setenv("WATCHDOG_USEC", interval, 1);
        if (!process.empty())
            ::setenv("WATCHDOG_PID", process.c_str(), 1);
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
    ~environment() {
        ::unsetenv("WATCHDOG_USEC");
        ::unsetenv("WATCHDOG_PID");
    }
};

struct bench {
    boost::asio::io_context context;
    std::vector<std::string> told;
    std::string stuck;
    int inspections = 0;
    watchdog dog{context.get_executor(),
                 [this] {
                     ++inspections;
                     return stuck;
                 },
                 [this](const std::string& state) { told.push_back(state); }};
};

using time_point = std::chrono::steady_clock::time_point;

health::check_status due_at(time_point due) {
    health::check_status status;
    status.due = due;
    return status;
}

} // namespace

TEST_CASE("watchdog_interval: is that of the environment, in microseconds") {
    CHECK(watchdog_interval() == std::nullopt);
    const environment set("30000000", "");
    CHECK(watchdog_interval() == 30s);
}

TEST_CASE("watchdog_interval: counts where it is meant for this process alone") {
    {
        const environment ours("1500000", std::to_string(::getpid()));
        CHECK(watchdog_interval() == 1500ms);
    }
    const environment anothers("1500000", std::to_string(::getppid()));
    CHECK(watchdog_interval() == std::nullopt);
}

TEST_CASE("watchdog_interval: nonsense is no interval") {
    for (const auto* text : {"", "0", "-1", "1s", "99999999999999999999"}) {
        CAPTURE(text);
        const environment set(text, "");
        CHECK(watchdog_interval() == std::nullopt);
    }
}

TEST_CASE("watchdog: feeds at once, and then three times in its interval") {
    bench test;
    auto began = std::chrono::steady_clock::now();
    test.dog.start(90ms);
    CHECK(test.told == std::vector<std::string>{"WATCHDOG=1"});
    REQUIRE(test::run_until(test.context, [&] { return test.told.size() == 4; }));
    CHECK(std::chrono::steady_clock::now() - began >= 90ms);
    CHECK(test.told.back() == "WATCHDOG=1");
}

TEST_CASE("watchdog: is not fed while something is stuck, and fed again afterwards") {
    bench test;
    test.stuck = "check resolve of service dns";
    test.dog.start(3ms);
    REQUIRE(test::run_until(test.context, [&] { return test.inspections == 3; }));
    CHECK(test.told.empty());
    test.stuck.clear();
    REQUIRE(test::run_until(test.context, [&] { return !test.told.empty(); }));
}

TEST_CASE("watchdog: stopped, it leaves the loop nothing to wait for") {
    bench test;
    test.dog.start(1h);
    test.dog.stop();
    CHECK(test.context.run() <= 1); // the wait that was cancelled
    CHECK(test.told.size() == 1);
}

TEST_CASE("is_stuck: a check is, 10 s after its run should have begun or ended") {
    const auto now = std::chrono::steady_clock::now();
    CHECK_FALSE(is_stuck(due_at(now + 1h), now));
    CHECK_FALSE(is_stuck(due_at(now - 10s), now));
    CHECK(is_stuck(due_at(now - 10001ms), now));
    CHECK_FALSE(is_stuck({}, now)); // nothing of it is due
}

TEST_CASE("check_status: a check's due time moves on as it runs") {
    boost::asio::io_context context;
    health::check_settings run;
    run.interval = run.fast_interval = 10ms;
    run.timeout = 5s;
    run.probe = health::exec_settings{{"/bin/true"}, {}};
    int runs = 0;
    health::check check(context.get_executor(), run, [&](const auto&, bool) { ++runs; });
    const auto& status = check.status();
    CHECK(status.due == std::nullopt);

    auto began = std::chrono::steady_clock::now();
    check.start();
    REQUIRE(status.due.has_value());
    CHECK(*status.due <= began + 1s); // the first run is put off by that at most
    REQUIRE(test::run_until(context, [&] { return *status.due > began + 4s; })); // it runs
    REQUIRE(test::run_until(context, [&] { return runs == 1; }));
    REQUIRE(test::run_until(context, [&] { return *status.due < began + 4s; })); // it waits
}
