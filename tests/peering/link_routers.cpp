#include "herald/peering/link_routers.hpp"

#include "tests/peering/fixed_links.hpp"
#include "tests/peering/manual_time.hpp"
#include "tests/peering/scripted_router_socket.hpp"

#include <boost/asio/error.hpp>
#include <doctest/doctest.h>
#include <utility>

using namespace herald::peering;
using namespace herald::peering::test;
using namespace std::chrono_literals;
using boost::asio::ip::address_v6;
using boost::asio::ip::make_address_v6;
using lines = std::vector<std::string>;

namespace {

const auto first_router = make_address_v6("fe80::1%7");
const auto second_router = make_address_v6("fe80::2%7");
const link_state eth0{7, make_address_v6("fe80::99%7")};

struct routers_of_test final : router_observer {
    boost::asio::io_context context;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>(context);
    std::shared_ptr<fixed_links> links = std::make_shared<fixed_links>();
    scripted_link wire;
    link_routers tested{surroundings(), *this};
    lines told;
    std::function<void()> when_told;

    routers_of_test() { links->one = eth0; }
    environment surroundings() {
        environment made{context.get_executor(), time, {}, links, [] { return 7U; }};
        made.make_router_socket = [this] { return std::make_unique<scripted_router_socket>(wire); };
        return made;
    }
    void router_changed(const std::string& interface) override {
        const auto now = tested.router_on(interface);
        told.push_back(interface + ": " + (now ? now->to_string() : "none"));
        if (when_told)
            when_told();
    }
    void router_problem(const std::string& interface, const std::string& text) override {
        CHECK(tested.problems(interface).back() == text);
        told.push_back(text);
        if (when_told)
            when_told();
    }
    void hear(const address_v6& from, std::uint8_t hop_limit = 255) {
        const auto octets = encode(router_message::advertisement);
        const auto handler = wire.on_arrival; // it may let go of the socket
        handler({from, hop_limit, octets});
    }
    void change(std::optional<link_state> to) {
        links->one = to;
        tested.links_changed();
    }
};

} // namespace

TEST_CASE("link routers: a link that is wanted is asked, and its router is told of") {
    routers_of_test one;
    one.time->advance(1min);
    CHECK(one.wire.opened == 0);
    one.tested.want({"eth0"});
    CHECK(one.wire.from == eth0);
    CHECK_FALSE(one.tested.router_on("eth0"));
    one.time->advance(0ms);
    CHECK(one.wire.sent ==
          std::vector{router_message::solicitation, router_message::advertisement});
    one.hear(second_router, 64);
    CHECK_FALSE(one.tested.router_on("eth0"));
    one.hear(first_router);
    CHECK(one.tested.router_on("eth0") == first_router);
    CHECK(one.told == lines{"eth0: " + first_router.to_string()});
    CHECK(one.tested.problems("eth0").empty());
}

TEST_CASE("link routers: a link that is wanted no more is left, and nobody is told") {
    routers_of_test one;
    one.tested.want({"eth0"});
    one.hear(first_router);
    one.told.clear();
    one.tested.want({});
    CHECK(one.wire.open == 0);
    CHECK(one.time->set() == 0);
    CHECK_FALSE(one.tested.router_on("eth0"));
    one.hear(first_router);
    CHECK(one.told.empty());
}

TEST_CASE("link routers: wanting the same link again changes nothing") {
    routers_of_test one;
    one.tested.want({"eth0"});
    one.hear(first_router);
    one.tested.want({"eth0"});
    CHECK(one.wire.opened == 1);
    CHECK(one.tested.router_on("eth0") == first_router);
}

TEST_CASE("link routers: with the link goes its router, and it begins anew with another index") {
    routers_of_test one;
    one.tested.want({"eth0"});
    one.hear(first_router);
    one.change(std::nullopt);
    CHECK(one.wire.open == 0);
    CHECK(one.told == lines{"eth0: " + first_router.to_string(), "eth0: none"});
    one.time->advance(1min);
    one.told.clear();
    one.wire.sent.clear();
    one.change(link_state{8, make_address_v6("fe80::99%8")});
    CHECK(one.wire.from.index == 8);
    one.time->advance(0ms);
    CHECK(one.wire.sent.size() == 2);
    CHECK(one.told.empty());
    one.hear(make_address_v6("fe80::1%8"));
    CHECK(one.tested.router_on("eth0") == make_address_v6("fe80::1%8"));
}

TEST_CASE("link routers: a link that changed its index at once has lost its router") {
    routers_of_test one;
    one.tested.want({"eth0"});
    one.hear(first_router);
    one.change(link_state{8, make_address_v6("fe80::99%8")});
    CHECK(one.told.back() == "eth0: none");
}

TEST_CASE("link routers: a new address of our own is advertised, and the router stays") {
    routers_of_test one;
    one.tested.want({"eth0"});
    one.hear(first_router);
    one.time->advance(1min);
    one.wire.sent.clear();
    one.change(link_state{7, make_address_v6("fe80::98%7")});
    CHECK(one.wire.from.address == make_address_v6("fe80::98%7"));
    one.time->advance(3s);
    CHECK_FALSE(one.wire.sent.empty());
    CHECK(one.tested.router_on("eth0") == first_router);
    CHECK(one.told.size() == 1);
}

TEST_CASE("link routers: without CAP_NET_RAW it says so, and tries again") {
    routers_of_test one;
    one.wire.refused = boost::asio::error::no_permission;
    one.tested.want({"eth0"});
    const std::string problem = "routers on eth0 cannot be found: CAP_NET_RAW is missing";
    CHECK(one.told == lines{problem});
    one.time->advance(10s);
    CHECK(one.told == lines{problem}); // once
    CHECK(one.tested.problems("eth0") == lines{problem});
    CHECK(one.wire.open == 0);
    one.wire.refused = {};
    one.time->advance(1s);
    CHECK(one.wire.open == 1);
    CHECK(one.tested.problems("eth0").empty());
    CHECK(one.wire.sent ==
          std::vector{router_message::solicitation, router_message::advertisement});
}

TEST_CASE("link routers: what cannot be sent is a problem until it can") {
    routers_of_test one;
    one.wire.unsent = boost::asio::error::network_unreachable;
    one.tested.want({"eth0"});
    one.time->advance(5s);
    const lines problem{"routers on eth0 cannot be found: Network is unreachable"};
    CHECK(one.told == problem);
    CHECK(one.tested.problems("eth0") == problem);
    one.wire.unsent = {};
    one.time->advance(10s);
    CHECK(one.tested.problems("eth0").empty());
}

TEST_CASE("link routers: several routers are told of by their addresses") {
    routers_of_test one;
    one.tested.want({"eth0"});
    one.hear(first_router);
    one.hear(second_router);
    one.hear(first_router);
    one.time->advance(4s);
    const std::string problem =
        "several routers on eth0: fe80::1 and fe80::2; herald stays with fe80::1: to choose, give "
        "the neighbor an address in place of an interface, as in fe80::1%eth0";
    CHECK(one.told.back() == problem);
    CHECK(one.tested.problems("eth0") == lines{problem});
    CHECK(one.tested.router_on("eth0") == first_router);
}

TEST_CASE("link routers: what has arrived while the program was busy counts first") {
    routers_of_test one;
    one.tested.want({"eth0"});
    one.hear(first_router);
    one.hear(second_router);
    one.time->advance(3s);
    one.wire.unread = [&] { one.hear(first_router); };
    one.time->advance(2s);
    CHECK(one.tested.router_on("eth0") == first_router);
    CHECK(one.tested.problems("eth0").size() == 1);
}

TEST_CASE("link routers: a router that is assumed is one of the link as it is now") {
    routers_of_test one;
    one.tested.assume("eth0", make_address_v6("fe80::1%3")); // not wanted
    CHECK_FALSE(one.tested.router_on("eth0"));
    one.tested.want({"eth0"});
    one.tested.assume("eth0", make_address_v6("fe80::1%3"));
    CHECK(one.tested.router_on("eth0") == first_router);
    CHECK(one.told.empty());
    one.tested.assume("eth0", second_router); // there is one
    CHECK(one.tested.router_on("eth0") == first_router);
    one.hear(first_router);
    CHECK(one.told.empty());
}

TEST_CASE("link routers: whoever is told may want no link any more") {
    routers_of_test one;
    one.when_told = [&] { one.tested.want({}); };
    SUBCASE("of a router that is heard") {
        one.tested.want({"eth0"});
        one.hear(first_router);
    }
    SUBCASE("of a problem at once") {
        one.wire.refused = boost::asio::error::no_permission;
        one.tested.want({"eth0"});
    }
    SUBCASE("of a problem later") {
        one.wire.unsent = boost::asio::error::network_down;
        one.tested.want({"eth0"});
        one.time->advance(0ms);
    }
    SUBCASE("of a router, while the alarm rings") {
        one.tested.want({"eth0"});
        one.wire.unread = [&] { one.hear(first_router); };
        one.time->advance(0ms);
    }
    one.time->settle();
    CHECK(one.told.size() == 1);
    CHECK(one.wire.open == 0);
    CHECK(one.time->set() == 0);
}
