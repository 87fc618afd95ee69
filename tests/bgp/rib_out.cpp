#include "herald/bgp/audience.hpp"

#include "tests/bgp/rib_support.hpp"

#include <doctest/doctest.h>
#include <numeric>
#include <vector>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

const net::family_set both{ipv4, ipv6};

/// A neighbor that has heard `a` and `b` with MED 1.
void advertise_a_and_b(lone_rib_out& rib) {
    rib.session_up(both, plain);
    rib.want(a, attributes(1));
    rib.want(b, attributes(1));
    REQUIRE(read_all(rib, plain) == messages{announced({a, b}, attributes(1))});
}

} // namespace

TEST_CASE("rib_out: without a session nothing is due") {
    lone_rib_out rib;
    rib.want(a, attributes(1));
    rib.owe_end_of_rib();
    rib.resend(ipv4, false);
    rib.resend(ipv4, true);
    CHECK_FALSE(rib.has_message());
    CHECK(rib.next_message() == std::nullopt);
}

TEST_CASE("rib_out: a session hears what was wanted before and what is wanted after") {
    lone_rib_out rib;
    rib.want(a, attributes(1));
    rib.session_up(both, plain);
    CHECK(read_all(rib, plain) == messages{announced({a}, attributes(1))});
    rib.want(b, attributes(1));
    CHECK(read_all(rib, plain) == messages{announced({b}, attributes(1))});
}

TEST_CASE("rib_out: equal attributes share an UPDATE, others never do, RFC 4271 §4.3") {
    lone_rib_out rib;
    rib.session_up(both, plain);
    rib.want(a, attributes(1));
    rib.want(b, attributes(2));
    rib.want(c, attributes(1)); // equal in value, another object
    CHECK(read_all(rib, plain) ==
          messages{announced({a, c}, attributes(1)), announced({b}, attributes(2))});
}

TEST_CASE("rib_out: families with the same attributes have UPDATEs of their own, "
          "RFC 7606 §5.1") {
    auto format = plain;
    format.extended_next_hop = true;
    const auto shared = attributes(1, "2001:db8::1");
    lone_rib_out rib;
    rib.session_up(both, format);
    rib.want(v6, shared);
    rib.want(a, shared);
    CHECK(read_all(rib, format) == messages{announced({a}, shared), announced({v6}, shared)});
}

TEST_CASE("rib_out: an unwanted route is withdrawn, with others in one UPDATE") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.unwant(a);
    rib.unwant(b);
    rib.unwant(c); // never wanted
    CHECK(read_all(rib, plain) == messages{withdrawn({a, b})});
}

TEST_CASE("rib_out: withdrawals of every family go before announcements") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.want(v6, attributes(1, "2001:db8::1"));
    REQUIRE(read_all(rib, plain).size() == 1);
    rib.want(c, attributes(1));
    rib.unwant(b);
    rib.unwant(v6);
    CHECK(read_all(rib, plain) ==
          messages{withdrawn({b}), withdrawn({v6}), announced({c}, attributes(1))});
}

TEST_CASE("rib_out: an attribute change is one implicit replacement, RFC 4271 §3.1") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.want(a, attributes(2));
    rib.unwant(b);
    rib.want(b, attributes(2));
    CHECK(read_all(rib, plain) == messages{announced({a, b}, attributes(2))});
}

TEST_CASE("rib_out: wanting again with equal attributes leaves no trace") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.want(a, attributes(1));
    CHECK_FALSE(rib.has_message());
}

TEST_CASE("rib_out: a change and its reverse before the write leave no trace") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.want(a, attributes(2));
    rib.want(a, attributes(1));
    rib.unwant(b);
    rib.want(b, attributes(1));
    rib.want(c, attributes(1));
    rib.unwant(c);
    CHECK_FALSE(rib.has_message());
    CHECK(rib.next_message() == std::nullopt);
}

TEST_CASE("rib_out: of several changes before the write only the last is heard") {
    lone_rib_out rib;
    rib.session_up(both, plain);
    for (std::uint32_t med = 1; med <= 9; ++med)
        rib.want(a, attributes(med));
    CHECK(read_all(rib, plain) == messages{announced({a}, attributes(9))});
}

TEST_CASE("rib_out: a family that the session does not have is not heard, RFC 4760 §8") {
    lone_rib_out rib;
    rib.want(a, attributes(1));
    rib.want(v6, attributes(1, "2001:db8::1"));
    rib.session_up({ipv6}, plain);
    rib.owe_end_of_rib();
    rib.resend(ipv4, false);
    rib.unwant(a);
    rib.want(b, attributes(1));
    CHECK(read_all(rib, plain) ==
          messages{announced({v6}, attributes(1, "2001:db8::1")), end_of_rib{ipv6}});
    rib.session_up({ipv4}, plain);
    CHECK(read_all(rib, plain) == messages{announced({b}, attributes(1))});
}

TEST_CASE("rib_out: a new session hears everything anew, and none of what became unwanted") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.unwant(a);
    rib.want(c, attributes(3));
    rib.session_down();
    CHECK_FALSE(rib.has_message());
    CHECK(rib.advertised_count(ipv4) == 0);
    rib.unwant(c);
    rib.session_up(both, plain);
    CHECK(read_all(rib, plain) == messages{announced({b}, attributes(1))});
}

TEST_CASE("rib_out: End-of-RIB of each family follows what is due, RFC 4724 §2") {
    lone_rib_out rib;
    rib.session_up(both, plain);
    rib.want(v6, attributes(1, "2001:db8::1"));
    rib.owe_end_of_rib();
    rib.want(a, attributes(1));
    CHECK(read_all(rib, plain) == messages{announced({a}, attributes(1)),
                                           announced({v6}, attributes(1, "2001:db8::1")),
                                           end_of_rib{ipv4}, end_of_rib{ipv6}});
}

TEST_CASE("rib_out: End-of-RIB is sent without routes too, and once a session, RFC 4724 §2") {
    lone_rib_out rib;
    rib.session_up({ipv4}, plain);
    CHECK_FALSE(rib.has_message());
    rib.owe_end_of_rib();
    CHECK(read_all(rib, plain) == messages{end_of_rib{ipv4}});
    rib.owe_end_of_rib();
    CHECK_FALSE(rib.has_message());

    rib.session_up({ipv4}, plain);
    CHECK_FALSE(rib.has_message());
    rib.owe_end_of_rib();
    CHECK(read_all(rib, plain) == messages{end_of_rib{ipv4}});
}

TEST_CASE("rib_out: a refresh repeats the family and only it, RFC 2918 §4") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.want(v6, attributes(1, "2001:db8::1"));
    REQUIRE(read_all(rib, plain).size() == 1);
    rib.resend(ipv4, false);
    rib.resend(ipv4, false); // arrives before the answer began
    CHECK(read_all(rib, plain) == messages{announced({a, b}, attributes(1))});
    CHECK(rib.advertised_count(ipv4) == 2);
}

TEST_CASE("rib_out: a refresh repeats what is wanted when it is written, RFC 2918 §4") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.resend(ipv4, false);
    rib.want(a, attributes(2));
    rib.want(a, attributes(1)); // a change and its reverse: still to be repeated
    rib.unwant(b);
    CHECK(read_all(rib, plain) == messages{withdrawn({b}), announced({a}, attributes(1))});
}

TEST_CASE("rib_out: an enhanced refresh stands between BoRR and EoRR, RFC 7313 §4") {
    using enum wire::refresh_subtype;
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.owe_end_of_rib();
    REQUIRE(read_all(rib, plain).size() == 2);
    rib.unwant(b);
    rib.resend(ipv4, true);
    rib.resend(ipv4, true); // arrives before the answer began
    CHECK(read_all(rib, plain) == messages{withdrawn({b}), wire::route_refresh{1, begin, 1},
                                           announced({a}, attributes(1)),
                                           wire::route_refresh{1, end, 1}});
    rib.resend(ipv6, true);
    CHECK(read_all(rib, plain) ==
          messages{wire::route_refresh{2, begin, 1}, wire::route_refresh{2, end, 1}});
}

TEST_CASE("rib_out: no BoRR before the family's End-of-RIB, RFC 7313 §4") {
    using enum wire::refresh_subtype;
    lone_rib_out rib;
    rib.session_up({ipv4}, plain);
    rib.want(a, attributes(1));
    rib.resend(ipv4, true);
    CHECK(read_all(rib, plain) == messages{announced({a}, attributes(1))});
    rib.owe_end_of_rib();
    CHECK(read_all(rib, plain) == messages{end_of_rib{ipv4}, wire::route_refresh{1, begin, 1},
                                           announced({a}, attributes(1)),
                                           wire::route_refresh{1, end, 1}});
}

TEST_CASE("rib_out: a request during an answer is answered after it, RFC 7313 §4") {
    using enum wire::refresh_subtype;
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.owe_end_of_rib();
    REQUIRE(read_all(rib, plain).size() == 2);
    rib.resend(ipv4, true);
    CHECK(read(rib.next_message().value(), plain) == heard{wire::route_refresh{1, begin, 1}});
    rib.resend(ipv4, true);
    const auto again = announced({a, b}, attributes(1));
    CHECK(read_all(rib, plain) == messages{again, wire::route_refresh{1, end, 1},
                                           wire::route_refresh{1, begin, 1}, again,
                                           wire::route_refresh{1, end, 1}});
}

TEST_CASE("rib_out: a refresh that was asked for dies with its session") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.owe_end_of_rib();
    REQUIRE(read_all(rib, plain).size() == 2);
    rib.resend(ipv4, true);
    REQUIRE(rib.next_message().has_value()); // BoRR
    rib.resend(ipv4, true);
    rib.session_up({ipv4}, plain);
    rib.owe_end_of_rib();
    CHECK(read_all(rib, plain) == messages{announced({a, b}, attributes(1)), end_of_rib{ipv4}});
}

TEST_CASE("rib_out: 10,000 prefixes take as few UPDATEs as can be") {
    struct row {
        std::uint8_t length;
        std::size_t max_size;
        std::size_t updates;
    };
    for (const auto& [length, max_size, updates] :
         {row{24, 4096, 10}, row{32, 4096, 13}, row{32, 65535, 1}}) {
        auto format = plain;
        format.max_size = max_size;
        lone_rib_out rib;
        rib.session_up(both, format);
        for (std::uint32_t i = 0; i < 10'000; ++i)
            rib.want(numbered(i, length), attributes(1));
        CHECK(read_all(rib, format).size() == updates);
        CHECK(rib.advertised_count(ipv4) == 10'000);
        for (std::uint32_t i = 0; i < 10'000; ++i)
            rib.unwant(numbered(i, length));
        CHECK(read_all(rib, format).size() == updates);
        CHECK(rib.advertised_count(ipv4) == 0);
    }
}

TEST_CASE("rib_out: a route too large for a message is not advertised, RFC 4271 §9.2") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.want(a, too_large_attributes(1));
    rib.want(c, too_large_attributes(1));
    rib.owe_end_of_rib();
    CHECK(read_all(rib, plain) == messages{withdrawn({a}), end_of_rib{ipv4}, end_of_rib{ipv6}});
    CHECK(rib.unsendable() == prefixes{a, c});
    CHECK(rib.advertised(a) == nullptr);
    CHECK(rib.advertised_count(ipv4) == 1);

    rib.want(a, attributes(1));
    rib.unwant(c);
    CHECK(read_all(rib, plain) == messages{announced({a}, attributes(1))});
    CHECK(rib.unsendable() == prefixes{});
}

TEST_CASE("rib_out: a route that is too large and then unwanted is no longer unsendable") {
    lone_rib_out rib;
    advertise_a_and_b(rib);
    rib.want(a, too_large_attributes(1));
    rib.want(c, attributes(2));
    CHECK(read(rib.next_message().value(), plain) == heard{announced({c}, attributes(2))});
    CHECK(rib.unsendable() == prefixes{a});
    rib.unwant(a);
    CHECK(rib.unsendable() == prefixes{});
    CHECK(read_all(rib, plain) == messages{withdrawn({a})});
}

TEST_CASE("rib_out: where all that is due is too large, there is no message, RFC 4271 §9.2") {
    lone_rib_out rib;
    rib.session_up(both, plain);
    rib.want(a, too_large_attributes(1));
    CHECK(rib.next_message() == std::nullopt);
    CHECK_FALSE(rib.has_message());
}

TEST_CASE("rib_out: a session with extended messages sends what another could not, RFC 8654") {
    auto extended = plain;
    extended.max_size = 65535;
    lone_rib_out rib;
    rib.want(a, too_large_attributes(1));
    rib.session_up(both, plain);
    CHECK(read_all(rib, plain) == messages{});
    rib.session_up(both, extended);
    CHECK(rib.unsendable() == prefixes{});
    CHECK(read_all(rib, extended) == messages{announced({a}, too_large_attributes(1))});
}

TEST_CASE("rib_out: what was advertised is known in order of prefix, by what was encoded") {
    lone_rib_out rib;
    rib.session_up(both, plain);
    const auto first = attributes(1);
    const auto for_v6 = attributes(1, "2001:db8::1");
    rib.want(v6, for_v6);
    rib.want(b, first);
    rib.want(a, first);
    CHECK(rib.advertised().empty());
    CHECK(rib.advertised(a) == nullptr);
    REQUIRE(read_all(rib, plain).size() == 2);

    rib.want(a, attributes(2)); // not written yet
    const auto routes = rib.advertised();
    REQUIRE(routes.size() == 3);
    CHECK(routes[0].prefix == a);
    CHECK(routes[1].prefix == b);
    CHECK(routes[2].prefix == v6);
    CHECK(routes[0].attributes == first);
    CHECK(routes[2].attributes == for_v6);
    CHECK(rib.advertised(a) == first);
    CHECK(rib.advertised(c) == nullptr);
    CHECK(rib.advertised_count(ipv4) == 2);
    CHECK(rib.advertised_count(ipv6) == 1);
}

TEST_CASE(
    "rib_out: after a message that was begun and is outdated come the routes of now, and then "
    "End-of-RIB, RFC 4724 §2") {
    audience heard;
    const wire::next_hop next_hop{boost::asio::ip::make_address("192.0.2.1"), {}};
    const auto route = prefix("192.0.2.0/24");
    for (const std::size_t begun : {0U, 1U, 20U}) {
        CAPTURE(begun);
        rib_out rib;
        rib.session_up({ipv4});
        rib.join(ipv4, heard.group(ipv4, next_hop, {}));
        heard.want(route, attributes(1));
        std::vector<wire::octets> octets;
        rib.gather(octets, 65536);
        std::vector<std::uint8_t> read(octets.front().begin(),
                                       octets.front().begin() + static_cast<std::ptrdiff_t>(begun));
        rib.wrote(begun);
        heard.want(route, attributes(2));
        rib.owe_end_of_rib();
        while (rib.has_message()) {
            octets.clear();
            rib.gather(octets, 65536);
            std::size_t count = 0;
            for (const auto part : octets) {
                read.insert(read.end(), part.begin(), part.end());
                count += part.size();
            }
            rib.wrote(count);
        }
        std::vector<std::optional<std::uint32_t>> heard_meds;
        wire::framer framer;
        std::ranges::copy(read, framer.prepare().begin());
        framer.commit(read.size());
        while (const auto frame = framer.next().value()) {
            const auto message = read_update(frame->body, {});
            const auto* const update = std::get_if<wire::update_message>(&message);
            heard_meds.push_back(update != nullptr ? update->attributes.med : std::nullopt);
        }
        using meds = std::vector<std::optional<std::uint32_t>>;
        CHECK(heard_meds == (begun > 0 ? meds{1, 2, std::nullopt} : meds{2, std::nullopt}));
    }
}
