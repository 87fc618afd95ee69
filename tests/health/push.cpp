#include "herald/health/check.hpp"

#include "support.hpp"

#include <doctest/doctest.h>
#include <memory>
#include <vector>

namespace herald::health {
namespace {

using namespace std::chrono_literals;

check_settings leased_for(std::chrono::milliseconds ttl, unsigned rise = 1, unsigned fall = 1) {
    check_settings settings;
    settings.name = "told";
    settings.rise = rise;
    settings.fall = fall;
    settings.probe = push_settings{ttl};
    return settings;
}

/// What a check's observer saw: the output of each result, and what was settled then.
struct seen {
    std::string output;
    std::optional<verdict> settled;
    friend bool operator==(const seen&, const seen&) = default;
};

check::observer into(std::vector<seen>& all) {
    return [&all](const check& self, bool) {
        all.push_back({self.status().last->output, self.status().settled});
    };
}

TEST_CASE("push: a report counts at once, and the last line of its output is kept") {
    test::loop io;
    std::vector<seen> all;
    check under_test(io.get_executor(), leased_for(1h), into(all));
    under_test.start();
    CHECK(under_test.report({verdict::pass, {}, "first\nall well\n"}));
    CHECK(under_test.report({verdict::degraded, {}, ""}));
    CHECK(under_test.report({verdict::fail, {}, "disk full"}));
    CHECK(all == std::vector<seen>{{"all well", verdict::pass},
                                   {"", verdict::degraded},
                                   {"disk full", verdict::fail}});
    CHECK(under_test.status().runs == 3);
}

TEST_CASE("push: what is not reported again in time has failed") {
    test::loop io;
    std::vector<seen> all;
    check under_test(io.get_executor(), leased_for(20ms), into(all));
    under_test.start();
    under_test.report({verdict::pass, {}, "fine"});
    REQUIRE(test::run_until(io, [&] { return all.size() == 2; }));
    CHECK(all ==
          std::vector<seen>{{"fine", verdict::pass}, {"no report for 0.02s", verdict::fail}});
    CHECK_FALSE(under_test.status().last->timed_out);
    CHECK(under_test.status().last->could_run);
    under_test.report({verdict::pass, {}, "back"});
    CHECK(under_test.status().settled == verdict::pass);
}

TEST_CASE("push: each lease that passes is one more failure, so that fall is reached") {
    test::loop io;
    std::vector<seen> all;
    check under_test(io.get_executor(), leased_for(10ms, 1, 3), into(all));
    under_test.start();
    under_test.report({verdict::pass, {}, "fine"});
    REQUIRE(test::run_until(io, [&] { return all.size() == 4; }));
    CHECK(all == std::vector<seen>{{"fine", verdict::pass},
                                   {"no report for 0.01s", verdict::pass},
                                   {"no report for 0.02s", verdict::pass},
                                   {"no report for 0.03s", verdict::fail}});
}

TEST_CASE("push: a report's own ttl takes the place of the check's, for that report") {
    test::loop io;
    std::vector<seen> all;
    check under_test(io.get_executor(), leased_for(1h), into(all));
    under_test.start();
    under_test.report({verdict::pass, 10ms, ""});
    REQUIRE(test::run_until(io, [&] { return all.size() == 2; }));
    CHECK(all.back() == seen{"no report for 0.01s", verdict::fail});
    under_test.report({verdict::pass, {}, ""});
    io.restart();
    io.run_for(30ms);
    CHECK(under_test.status().settled == verdict::pass);
}

TEST_CASE("push: before the first report nothing is settled, until the lease is over") {
    test::loop io;
    std::vector<seen> all;
    check under_test(io.get_executor(), leased_for(10ms), into(all));
    under_test.start();
    CHECK(under_test.status().settled == std::nullopt);
    REQUIRE(test::run_until(io, [&] { return all.size() == 1; }));
    CHECK(all == std::vector<seen>{{"no report for 0.01s", verdict::fail}});
}

TEST_CASE("push: its observer may destroy it, on a report and on an expiry") {
    test::loop io;
    for (auto ttl : {std::chrono::milliseconds(1h), 5ms}) {
        std::unique_ptr<check> under_test;
        int called = 0;
        under_test =
            std::make_unique<check>(io.get_executor(), leased_for(ttl), [&](const check&, bool) {
                ++called;
                under_test.reset();
            });
        under_test->start();
        if (ttl == 1h)
            under_test->report({verdict::pass, {}, ""});
        CHECK(test::run_out(io));
        CHECK(called == 1);
    }
}

TEST_CASE("push: a check that is run takes no report") {
    test::loop io;
    auto settings = leased_for(1h);
    settings.probe = exec_settings{{"/bin/true"}};
    check under_test(io.get_executor(), settings, [](const check&, bool) {});
    CHECK_FALSE(under_test.report({verdict::pass, {}, ""}));
    CHECK(under_test.status().runs == 0);
}

} // namespace
} // namespace herald::health
