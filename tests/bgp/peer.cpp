#include "tests/bgp/peer_support.hpp"

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

const bytes keepalive = wire::encode_keepalive();
const bytes refresh =
    wire::encode(wire::route_refresh{1, wire::refresh_subtype::request, net::safi_unicast});
const std::string collision = "ffffffffffffffffffffffffffffffff0015030607";

bytes together(std::initializer_list<bytes> messages) {
    bytes all;
    for (const auto& message : messages)
        all.insert(all.end(), message.begin(), message.end());
    return all;
}

} // namespace

TEST_CASE("peer: from start to Established, and what it asks for on the way, RFC 4271 §8") {
    peer_bench b;
    CHECK(b.start() == lines{"Idle -> Connect", "dial 1"});
    CHECK(b.connected(1) == lines{"Connect -> OpenSent"});
    CHECK(b.written(1) == wire::encode(make_open(our_settings())));
    CHECK(b.receive(1, wire::encode(peer_open())) == lines{"OpenSent -> OpenConfirm"});
    CHECK(b.written(1) == keepalive);
    CHECK(b.receive(1, keepalive) ==
          lines{"be patient 1 480000 ms", "OpenConfirm -> Established", "up"});
    CHECK(b.written(1) == bytes{});
}

TEST_CASE("peer: OPEN, KEEPALIVE and Cease in one segment are one event, told of in order") {
    peer_bench b;
    b.start();
    b.connected(1);
    b.written(1);
    const auto cease = wire::encode(wire::make_cease(wire::cease_code::administrative_shutdown));
    CHECK(b.receive(1, together({wire::encode(peer_open()), keepalive, cease})) ==
          lines{"OpenSent -> OpenConfirm", "be patient 1 480000 ms", "OpenConfirm -> Established",
                "up", "close 1 after " + herald::test::to_hex(keepalive), "Established -> Active",
                "ended: received Cease / Administrative Shutdown"});
    CHECK_FALSE(b.under_test.established());
}

TEST_CASE("peer: a silent peer gets 4/0 when the hold time is over, RFC 4271 §6.5") {
    peer_bench b;
    b.establish();
    CHECK(b.pass(30s - 1ms) == lines{});
    const auto sent = b.written(1);
    CHECK(sent.size() % keepalive.size() == 0); // KEEPALIVEs
    CHECK(b.pass(1ms) == lines{"close 1 after ffffffffffffffffffffffffffffffff0015030400",
                               "Established -> Active", "ended: sent Hold Timer Expired",
                               "Active -> Connect", "dial 2"});
}

TEST_CASE("peer: where any other AS will do, the OPEN says which it is, or is refused with 2/2") {
    // An OPEN with one family, and with the AS in both its places.
    const auto answer = [](const std::string& as, const std::string& four_octet_as) {
        auto settings = peering_settings();
        settings.session.remote_as.reset();
        peer_bench b(settings);
        b.start();
        b.connected(1);
        b.written(1);
        const auto done = b.receive(
            1, herald::test::hex("ffffffffffffffffffffffffffffffff 002b 01 04" + as +
                                 "005a c6336401 0e 02 0c 01 04 00 01 00 01 41 04" + four_octet_as));
        return done.front();
    };
    const std::string accepted = "OpenSent -> OpenConfirm";
    const std::string refused = "close 1 after ffffffffffffffffffffffffffffffff0015030202";
    CHECK(answer("fbf4", "0000fbf4") == accepted);
    CHECK(answer("5ba0", "fa56ea00") == accepted); // 4200000000
    CHECK(answer("fdf2", "0000fdf2") == refused);  // our own
    CHECK(answer("0000", "0000fbf4") == refused);
    CHECK(answer("fbf4", "00000000") == refused);
    CHECK(answer("5ba0", "00005ba0") == refused);
    CHECK(answer("ffff", "0000ffff") == refused);
    CHECK(answer("5ba0", "ffffffff") == refused);
}

TEST_CASE("peer: a connection that the peer opened before the session was up does not replace it, "
          "RFC 4724 §4.2") {
    auto open = peer_open();
    wire::graceful_restart_capability restarts;
    restarts.entries.push_back({1, 1, false});
    open.capabilities.emplace_back(restarts);
    peer_bench b;
    b.start();
    const auto older = b.accepted();
    b.connected(1);
    b.receive(1, wire::encode(open));
    b.receive(1, keepalive);
    REQUIRE(b.under_test.established());
    b.written(1);
    b.written(older);
    CHECK(b.receive(older, wire::encode(open)) ==
          lines{"close " + std::to_string(older) + " after " + collision,
                "ended: sent Cease / Connection Collision Resolution"});
    CHECK(b.under_test.established());
    // One that it opens now tells that it has restarted.
    const auto newer = b.accepted();
    b.written(newer);
    CHECK(b.receive(newer, wire::encode(open)) ==
          lines{"close 1", "Established -> OpenSent", "ended: closed", "OpenSent -> OpenConfirm"});
}

TEST_CASE("peer: while a connection of the neighbor's own is in OpenConfirm it takes no other") {
    peer_bench b;
    b.start();
    CHECK(b.under_test.takes_connections());
    b.accepted();
    CHECK(b.under_test.takes_connections()); // the newest of those without an OPEN is alive
    lines done;
    const auto second = b.accepted(&done);
    CHECK(done == lines{"close 2 after " + herald::test::to_hex(b.written(second)) + collision,
                        "OpenSent -> Connect",
                        "ended: sent Cease / Connection Collision Resolution",
                        "Connect -> OpenSent"});
    b.receive(second, wire::encode(open_from(0xFF000001)));
    CHECK_FALSE(b.under_test.takes_connections());
    b.broken(second);
    CHECK(b.under_test.takes_connections());
}

TEST_CASE("peer: what happens to a connection that is gone is ignored") {
    peer_bench b;
    b.establish();
    b.stop();
    CHECK(b.connected(1) == lines{});
    CHECK(b.broken(1) == lines{});
    CHECK(b.under_test.input(1).empty());
    CHECK(in_lines(b.under_test.received(1, 19, b.at)) == lines{});
    CHECK(b.under_test.output(1).empty());
    CHECK(in_lines(b.under_test.wrote(1, 19, b.at)) == lines{});
    CHECK(b.pass(1h) == lines{});
}

TEST_CASE("peer: with the same seed and the same events it does the same, jitter included") {
    const auto story = [](peer_bench b) {
        lines all = b.start();
        for (int i = 0; i < 5; ++i) {
            std::ranges::copy(b.broken(b.under_test.next_connection() - 1),
                              std::back_inserter(all));
            all.push_back(std::to_string(b.under_test.next_timer()->time_since_epoch().count()));
            std::ranges::copy(b.pass(10s), std::back_inserter(all));
        }
        return all;
    };
    CHECK(story(peer_bench()) == story(peer_bench()));
}

TEST_CASE("peer: requests for routes are answered together, and not without a limit, RFC 2918") {
    refresh_limit limit;
    const std::vector both{net::address_family::ipv4, net::address_family::ipv6};
    const std::vector one{net::address_family::ipv4};
    const time_point start(1h);
    limit.ask(net::address_family::ipv4);
    limit.ask(net::address_family::ipv6);
    limit.ask(net::address_family::ipv4);
    CHECK(limit.take_due(start) == both);
    CHECK(limit.take_due(start) == std::vector<net::address_family>{});
    int answered = 2;
    for (int i = 0; i < 2 * refresh_limit::burst; ++i) {
        limit.ask(net::address_family::ipv4);
        answered += static_cast<int>(limit.take_due(start).size());
    }
    CHECK(answered == refresh_limit::burst);
    CHECK(limit.next_due() == start + refresh_limit::pause);
    CHECK(limit.take_due(start + refresh_limit::pause - 1ms).empty());
    CHECK(limit.take_due(start + refresh_limit::pause) == one);
    CHECK(limit.next_due() == std::nullopt);
}

TEST_CASE("peer: a request beyond the limit is answered when the limit allows it, RFC 2918") {
    peer_bench b;
    b.establish();
    b.under_test.routes_complete();
    b.written(1);
    std::size_t answers = 0;
    for (int i = 0; i < refresh_limit::burst + 10; ++i) {
        b.receive(1, refresh);
        answers += b.written(1).empty() ? 0 : 1;
    }
    CHECK(answers == refresh_limit::burst);
    b.pass(refresh_limit::pause);
    CHECK_FALSE(b.written(1).empty());
}

TEST_CASE("peer: a next hop that was taken from the interface follows the interface, and a family "
          "without one is withdrawn, RFC 4271 §5.1.3") {
    const auto prefix = *net::ip_prefix::parse("2001:db8:53::/48");
    const auto heard = [](const bytes& octets) {
        const auto format = peer_session().format;
        return octets.empty()
                   ? wire::update_message()
                   : wire::decode_update(*wire::check_update(herald::test::body_of(octets), format),
                                         format);
    };
    wire::path_attributes route;
    route.origin = wire::origin::igp;
    route.path = wire::as_path{{wire::as_segment::kind::sequence, {65010}}};
    peer_bench b;
    b.under_test.heard().want(prefix, std::make_shared<const wire::path_attributes>(route));
    b.start();
    b.connected(1);
    b.receive(1, together({wire::encode(peer_open()), keepalive}));
    b.written(1);
    auto other = eth0;
    other.ipv6 = boost::asio::ip::make_address_v6("2001:db8::99");
    CHECK(in_lines(b.under_test.link_changed(1, other)) == lines{});
    const auto moved = heard(b.written(1));
    CHECK(moved.announced == std::vector{prefix});
    CHECK(moved.attributes.next_hop->global == *other.ipv6);
    CHECK(in_lines(b.under_test.link_changed(1, other)) == lines{});
    CHECK(b.written(1) == bytes{});
    auto bare = other;
    bare.ipv6.reset();
    CHECK(in_lines(b.under_test.link_changed(1, bare)) ==
          lines{"ipv6 is not announced: eth0 has no IPv6 address to be the next hop"});
    CHECK(heard(b.written(1)).withdrawn == std::vector{prefix});
    CHECK(in_lines(b.under_test.link_changed(1, eth0)) == lines{});
    CHECK(heard(b.written(1)).announced == std::vector{prefix});
    CHECK(b.under_test.problems().empty());
}

TEST_CASE("peer: one that reads nothing for a while hears the last of many changes, and then "
          "End-of-RIB, RFC 4724 §2") {
    const auto prefix = *net::ip_prefix::parse("192.0.2.0/24");
    wire::path_attributes route;
    route.origin = wire::origin::igp;
    route.path = wire::as_path{{wire::as_segment::kind::sequence, {65010}}};
    peer_bench b;
    b.establish();
    for (std::uint32_t med = 1; med <= 100; ++med) {
        route.med = med;
        b.under_test.heard().want(prefix, std::make_shared<const wire::path_attributes>(route));
        if (med < 50)
            b.written(1);
        else if (med == 50)
            b.under_test.output(1); // of which TCP takes nothing
    }
    b.under_test.routes_complete();
    const auto octets = b.written(1);
    const auto size = octets.size() - 23 - 29; // End-of-RIB of both families
    const bytes first(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
    const auto format = peer_session().format;
    CHECK(wire::decode_update(*wire::check_update(herald::test::body_of(first), format), format)
              .attributes.med == 100);
}
