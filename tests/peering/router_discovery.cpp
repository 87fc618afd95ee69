#include "herald/peering/router_discovery.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <utility>

using namespace herald::peering;
using namespace std::chrono_literals;
using boost::asio::ip::address_v6;
using boost::asio::ip::make_address_v6;
using enum discovery_action;

namespace {

const auto ours = make_address_v6("fe80::99");
const auto first = make_address_v6("fe80::1");
const auto second = make_address_v6("fe80::2");
const auto third = make_address_v6("fe80::3");

using done = std::vector<std::pair<std::chrono::milliseconds, discovery_action>>;

/// A link: what is done there, and when since it runs.
struct tested_link {
    static constexpr time_point begin{1h};
    time_point now = begin;
    router_discovery tested{ours, 7, begin};

    void add(done& to, const discovery_actions& actions) const {
        for (const auto each : actions)
            to.emplace_back(std::chrono::ceil<std::chrono::milliseconds>(now - begin), each);
    }
    done pass(std::chrono::milliseconds span) {
        done seen;
        for (const auto end = now + span; now <= end; now = tested.next_timer()) {
            add(seen, tested.expired(now));
            REQUIRE(tested.next_timer() > now);
            if (tested.next_timer() > end) {
                now = end;
                break;
            }
        }
        return seen;
    }
    /// Only what is not a message of our own.
    done pass_quietly(std::chrono::milliseconds span) {
        auto seen = pass(span);
        std::erase_if(seen, [](const auto& each) { return each.second == advertise; });
        return seen;
    }
    discovery_actions hear(const address_v6& from) {
        return tested.heard(router_message::advertisement, from, now);
    }
    discovery_actions hear_solicitation() {
        return tested.heard(router_message::solicitation, third, now);
    }
};

/// Where a router was heard, and the hour is not a busy one.
tested_link with_router() {
    tested_link made;
    made.pass(10ms);
    REQUIRE(made.hear(first) == discovery_actions{router_changed});
    made.pass(1min);
    return made;
}

/// Where two were heard.
tested_link with_two() {
    auto made = with_router();
    REQUIRE(made.hear(second) == discovery_actions{solicit});
    REQUIRE(made.hear(first).empty());
    made.pass(4s);
    REQUIRE(made.tested.others() == std::set{second});
    return made;
}

} // namespace

TEST_CASE("router discovery: three solicitations, 4 s apart, and three advertisements at the "
          "start, RFC 4861 §6.3.7 and §6.2.4") {
    tested_link one;
    CHECK(one.pass(9s) == done{{0ms, solicit},
                               {0ms, advertise},
                               {3s, advertise},
                               {4s, solicit},
                               {6s, advertise},
                               {8s, solicit}});
    CHECK(one.pass_quietly(1h).empty());
    CHECK_FALSE(one.tested.router());
}

TEST_CASE("router discovery: after the start advertisements are 7.5 to 10 s apart, not in step") {
    tested_link one;
    one.pass(9s); // also of the solicitations
    const auto seen = one.pass(5min);
    REQUIRE(seen.size() >= 30);
    std::set<std::chrono::milliseconds> gaps;
    for (std::size_t i = 1; i < seen.size(); ++i)
        gaps.insert(seen[i].first - seen[i - 1].first);
    CHECK(*gaps.begin() >= 7500ms);
    CHECK(*gaps.rbegin() <= 10s);
    CHECK(gaps.size() > 20);
}

TEST_CASE("router discovery: the first router that is heard is the one, and is not asked for") {
    tested_link one;
    one.pass(1s);
    CHECK(one.hear(first) == discovery_actions{router_changed});
    CHECK(one.tested.router() == first);
    CHECK(one.hear(first).empty());
    CHECK(one.pass_quietly(1h).empty()); // however long it is silent
    CHECK(one.tested.router() == first);
}

TEST_CASE("router discovery: our own messages are not heard") {
    tested_link one;
    one.pass(10ms);
    CHECK(one.hear(ours).empty());
    CHECK_FALSE(one.tested.router());
    const auto before = one.tested.next_timer();
    CHECK(one.tested.heard(router_message::solicitation, ours, one.now).empty());
    CHECK(one.tested.next_timer() == before);
}

TEST_CASE("router discovery: a solicitation is answered within half a second, RFC 4861 §6.2.6") {
    auto one = with_router();
    one.pass(std::chrono::floor<std::chrono::milliseconds>(one.tested.next_timer() - one.now) +
             4s); // no advertisement for 3 s, nor in the next
    const auto asked = std::chrono::floor<std::chrono::milliseconds>(one.now - tested_link::begin);
    CHECK(one.hear_solicitation().empty());
    const auto seen = one.pass(500ms);
    REQUIRE(seen.size() == 1);
    CHECK(seen.front().second == advertise);
    CHECK(seen.front().first >= asked);
}

TEST_CASE("router discovery: however often it is solicited, it advertises every 3 s at most") {
    tested_link one;
    done seen;
    for (int i = 0; i < 300; ++i) {
        one.hear_solicitation();
        const auto more = one.pass(100ms);
        seen.insert(seen.end(), more.begin(), more.end());
    }
    std::erase_if(seen, [](const auto& each) { return each.second != advertise; });
    CHECK(seen.size() >= 9);
    CHECK(seen.size() <= 11);
    for (std::size_t i = 1; i < seen.size(); ++i)
        CHECK(seen[i].first - seen[i - 1].first >= 3s);
}

TEST_CASE("router discovery: a router with a new address takes the old one's place within 4 s, and "
          "hears of us") {
    auto one = with_router();
    const auto heard = one.now;
    CHECK(one.hear(second) == discovery_actions{solicit});
    CHECK(one.hear(second).empty()); // its answer
    CHECK(one.tested.router() == first);
    const auto changed =
        std::chrono::ceil<std::chrono::milliseconds>(heard + 4s - tested_link::begin);
    const auto seen = one.pass(7s);
    CHECK(std::ranges::count(seen, std::pair(changed, router_changed)) == 1);
    CHECK(std::ranges::any_of(seen, [&](const auto& each) {
        return each.second == advertise && each.first >= changed && each.first <= changed + 3s;
    }));
    CHECK(one.tested.router() == second);
    CHECK(one.tested.others().empty());
    CHECK(one.pass_quietly(1h).empty());
}

TEST_CASE("router discovery: the first one stays if it is heard again, and there are several") {
    auto one = with_router();
    CHECK(one.hear(second) == discovery_actions{solicit});
    one.pass(3s);
    CHECK(one.hear(first).empty());
    const auto seen = one.pass_quietly(1s);
    REQUIRE(seen.size() == 1);
    CHECK(seen.front().second == several_routers);
    CHECK(one.tested.router() == first);
    CHECK(one.tested.others() == std::set{second});
    CHECK(one.hear(second).empty()); // known
}

TEST_CASE("router discovery: while there are several they are asked for, and told of once") {
    auto one = with_two();
    for (int i = 0; i < 3; ++i) {
        const auto seen = one.pass_quietly(30s);
        REQUIRE(seen.size() == 1);
        CHECK(seen.front().second == solicit);
        one.hear(second);
        one.hear(first);
        CHECK(one.pass_quietly(4s).empty());
    }
    CHECK(one.tested.router() == first);
    CHECK(one.tested.others() == std::set{second});
}

TEST_CASE("router discovery: of several one is left") {
    auto one = with_two();
    one.pass(30s);
    SUBCASE("the first") {
        one.hear(first);
        CHECK(one.pass_quietly(1h).empty());
        CHECK(one.tested.router() == first);
    }
    SUBCASE("the other") {
        one.hear(second);
        const auto seen = one.pass_quietly(1h);
        REQUIRE(seen.size() == 1);
        CHECK(seen.front().second == router_changed);
        CHECK(one.tested.router() == second);
    }
    SUBCASE("none that is heard: the first stays") {
        CHECK(one.pass_quietly(1h).empty());
        CHECK(one.tested.router() == first);
    }
    CHECK(one.tested.others().empty());
}

TEST_CASE("router discovery: a third router is told of, too") {
    auto one = with_two();
    CHECK(one.hear(third) == discovery_actions{solicit});
    one.hear(second);
    one.hear(first);
    const auto seen = one.pass_quietly(4s);
    REQUIRE(seen.size() == 1);
    CHECK(seen.front().second == several_routers);
    CHECK(one.tested.others() == std::set{second, third});
}

TEST_CASE("router discovery: of two with new addresses the first one heard is taken") {
    auto one = with_router();
    one.hear(third);
    one.hear(second);
    const auto seen = one.pass_quietly(4s);
    REQUIRE(seen.size() == 2);
    CHECK(seen.front().second == router_changed);
    CHECK(seen.back().second == several_routers);
    CHECK(one.tested.router() == third);
    CHECK(one.tested.others() == std::set{second});
}

TEST_CASE("router discovery: one that floods the link does not displace the router") {
    auto one = with_router();
    for (std::uint16_t i = 1; i < 1000; ++i) {
        auto bytes = second.to_bytes();
        bytes[13] = static_cast<std::uint8_t>(i >> 8U);
        bytes[12] = static_cast<std::uint8_t>(i);
        one.hear(address_v6(bytes));
    }
    one.hear(first);
    one.pass(4s);
    CHECK(one.tested.router() == first);
    CHECK(one.tested.others().size() == router_discovery::most_routers);
}

TEST_CASE("router discovery: a router that is assumed stays until another one is heard alone") {
    tested_link one;
    one.tested.assume(first);
    CHECK(one.tested.router() == first);
    CHECK(one.pass(0ms) == done{{0ms, solicit}, {0ms, advertise}});
    SUBCASE("it is heard") {
        CHECK(one.hear(first).empty());
        CHECK(one.pass_quietly(1h).empty());
        CHECK(one.tested.router() == first);
    }
    SUBCASE("nothing is heard") {
        CHECK(one.pass_quietly(1h) == done{{4s, solicit}, {8s, solicit}});
        CHECK(one.tested.router() == first);
    }
    SUBCASE("another one is heard") {
        CHECK(one.hear(second) == discovery_actions{solicit});
        CHECK(one.pass_quietly(1h) == done{{4s, router_changed}});
        CHECK(one.tested.router() == second);
    }
}

TEST_CASE("router discovery: a new address of our own is advertised as the first one was") {
    auto one = with_router();
    one.pass(20s);
    const auto then = one.now;
    one.tested.change_address(third, one.now);
    CHECK(one.tested.next_timer() <= then + 3s);
    CHECK(one.pass(9s).size() == 3);
    CHECK(one.tested.router() == first);
    CHECK(one.hear(third).empty());
}
