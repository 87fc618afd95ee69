#include "herald/bgp/change_history.hpp"

#include "tests/bgp/rib_support.hpp"

#include <doctest/doctest.h>
#include <memory>
#include <optional>

using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

const auto first = attributes(1), second = attributes(2), third = attributes(3);

/// What was before since a moment, the oldest of each prefix.
change_history::changed since(const change_history::moment& moment) {
    change_history::changed all;
    for (const auto& part : moment.changes())
        all.insert(part.begin(), part.end());
    return all;
}

} // namespace

TEST_CASE("change_history: of several changes since a moment the first tells what was then") {
    const auto history = std::make_shared<change_history>();
    const auto moment = history->now();
    CHECK(since(moment).empty());
    history->note(a, first, second);
    history->note(a, second, third);
    history->note(b, nullptr, first);
    CHECK(since(moment) == change_history::changed{{a, first}, {b, nullptr}});
}

TEST_CASE("change_history: a change and its reverse leave no trace") {
    const auto history = std::make_shared<change_history>();
    const auto moment = history->now();
    history->note(a, first, second);
    history->note(b, nullptr, first);
    history->note(a, second, attributes(1));
    history->note(b, first, nullptr);
    CHECK(since(moment).empty());
}

TEST_CASE("change_history: each moment sees what came after it") {
    const auto history = std::make_shared<change_history>();
    const auto early = history->now();
    history->note(a, first, second);
    const auto late = history->now();
    const auto as_late = history->now();
    history->note(a, second, third);
    history->note(b, first, nullptr);
    CHECK(since(early) == change_history::changed{{a, first}, {b, first}});
    CHECK(since(late) == change_history::changed{{a, second}, {b, first}});
    CHECK(since(as_late) == since(late));
}

TEST_CASE("change_history: what only a forgotten moment told apart is kept once") {
    const auto history = std::make_shared<change_history>();
    const auto early = history->now();
    for (int i = 0; i < 100; ++i) {
        const auto between = history->now();
        history->note(a, first, second);
        const auto later = history->now();
        history->note(a, second, first);
        history->note(b, first, second);
        history->note(b, second, first);
    }
    CHECK(std::ranges::distance(early.changes()) <= 2);
    CHECK(since(early).contains(a));
}

TEST_CASE("change_history: moments are forgotten in any order") {
    const auto history = std::make_shared<change_history>();
    std::optional early = history->now();
    history->note(a, first, second);
    std::optional middle = history->now();
    history->note(a, second, third);
    history->note(b, nullptr, first);
    std::optional late = history->now();
    history->note(b, first, second);

    SUBCASE("the oldest first") {
        early.reset();
        CHECK(since(*middle) == change_history::changed{{a, second}, {b, nullptr}});
        middle.reset();
        CHECK(since(*late) == change_history::changed{{b, first}});
    }
    SUBCASE("the latest first") {
        late.reset();
        CHECK(since(*middle) == change_history::changed{{a, second}, {b, nullptr}});
        middle.reset();
        CHECK(since(*early) == change_history::changed{{a, first}, {b, nullptr}});
    }
    SUBCASE("that between first") {
        middle.reset();
        CHECK(since(*early) == change_history::changed{{a, first}, {b, nullptr}});
        CHECK(since(*late) == change_history::changed{{b, first}});
    }
}
