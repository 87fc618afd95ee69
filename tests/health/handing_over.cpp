// A check that another program goes on with.
#include "herald/health/check.hpp"

#include "herald/health/child_process.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

namespace herald::health {
namespace {

using namespace std::chrono_literals;

check_settings runs(const std::string& script, std::chrono::milliseconds interval) {
    check_settings settings;
    settings.name = "test";
    settings.interval = settings.fast_interval = interval;
    settings.timeout = 10min;
    settings.rise = settings.fall = 2;
    settings.probe = exec_settings{{"/bin/sh", "-c", script}};
    return settings;
}

void nobody(const check&, bool) {}

TEST_CASE("check: a run that is held is ended, reaped and counts for nothing; released, it is made "
          "again at once") {
    test::loop io;
    test::temporary_directory directory;
    const auto begun = (directory.path() / "begun").string();
    check under_test(io.get_executor(), runs("echo >>" + begun + "; exec sleep 1000", 5ms), nobody);
    const auto lines = [&] {
        std::ifstream file(begun);
        return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
    };
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return lines() == 1; }));
    CHECK(child_process::left(io.get_executor()) == 1);
    under_test.hold();
    REQUIRE(test::run_until(io, [&] { return child_process::left(io.get_executor()) == 0; }));
    CHECK_FALSE(test::has_children());
    io.restart();
    io.run_for(20ms); // in which it would have begun four times
    CHECK(lines() == 1);
    CHECK(under_test.status().runs == 0);
    CHECK_FALSE(under_test.status().last);
    under_test.release();
    CHECK(test::run_until(io, [&] { return lines() == 2; }));
}

TEST_CASE("check: one that waits for its time keeps it though it was held meanwhile") {
    test::loop io;
    check under_test(io.get_executor(), runs("true", 1h), nobody);
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return under_test.status().runs == 1; }));
    const auto due = under_test.status().due;
    under_test.hold();
    under_test.release();
    io.restart();
    io.run_for(5ms);
    CHECK(under_test.status().runs == 1);
    CHECK(under_test.status().due == due);
}

TEST_CASE("check: one that resumes goes on with what was counted, when it was due") {
    test::loop io;
    check before(io.get_executor(), runs("exit 1", 1h), nobody);
    before.start();
    REQUIRE(test::run_until(io, [&] { return before.status().runs == 1; }));
    auto left = before.snapshot();
    CHECK(left.status == before.status());
    CHECK_FALSE(left.status.settled);

    left.status.due = std::chrono::steady_clock::now();
    std::vector<bool> changes;
    check heir(io.get_executor(), runs("exit 1", 1h),
               [&](const check&, bool changed) { changes.push_back(changed); });
    heir.resume(left);
    CHECK(heir.status().last == before.status().last);
    REQUIRE(test::run_until(io, [&] { return !changes.empty(); }));
    CHECK(changes == std::vector{true}); // the second failure settles it
    CHECK(heir.status().runs == 2);
    CHECK(heir.status().settled == verdict::fail);
}

TEST_CASE("check: the snapshot of one that runs is to run now") {
    test::loop io;
    check under_test(io.get_executor(), runs("exec sleep 1000", 1h), nobody);
    under_test.start();
    REQUIRE(test::run_until(io, [&] { return child_process::left(io.get_executor()) == 1; }));
    const auto due = under_test.snapshot().status.due;
    REQUIRE(due);
    CHECK(*due <= std::chrono::steady_clock::now());
}

TEST_CASE("push: what was reported last counts for as long as it would have") {
    test::loop io;
    check_settings settings;
    settings.name = "told";
    settings.rise = settings.fall = 1;
    settings.probe = push_settings{1h};
    check before(io.get_executor(), settings, nobody);
    before.start();
    before.report({verdict::pass, 2h, "fine"});
    auto left = before.snapshot();
    CHECK(left.ttl == 2h);
    left.until = std::chrono::steady_clock::now();
    check heir(io.get_executor(), settings, nobody);
    heir.resume(left);
    CHECK(heir.status().settled == verdict::pass);
    REQUIRE(test::run_until(io, [&] { return heir.status().settled == verdict::fail; }));
    CHECK(heir.status().last->output == "no report for 7200s");
}

} // namespace
} // namespace herald::health
