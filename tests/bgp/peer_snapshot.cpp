#include "tests/bgp/peer_support.hpp"
#include "tests/bgp/scripted_life.hpp"

#include <memory>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

TEST_CASE("peer_snapshot: a peer that is handed over after any step of its life, and in the middle "
          "of any message, sends octet by octet what it would have sent") {
    check_every_hand_over(nullptr);
}

TEST_CASE("peer_snapshot: one that is being dialled is dialled anew, at once") {
    peer_bench b;
    b.start();
    const auto snapshot = b.under_test.snapshot();
    CHECK(snapshot.connections.empty());
    peer next(b.under_test.settings(), snapshot, std::make_shared<audience>());
    CHECK(next.state() == session_state::active);
    REQUIRE(next.next_timer() <= b.at.now);
    CHECK(in_lines(next.expired(b.at)) == lines{"Active -> Connect", "dial 2"});
}

TEST_CASE("peer_snapshot: one that is down stays down, and knows why") {
    peer_bench b;
    b.establish();
    b.under_test.shut_down("upgrading", b.at);
    peer next(b.under_test.settings(), b.under_test.snapshot(), std::make_shared<audience>());
    CHECK(next.administratively_down());
    CHECK(next.next_timer() == std::nullopt);
    CHECK(next.why_down() == "sent Cease / Administrative Shutdown: upgrading");
    CHECK(in_lines(next.start(b.at)) == lines{});
}

TEST_CASE("peer_snapshot: an audience that wants something else than was sent is what is heard") {
    peer_bench b;
    b.under_test.heard().want(ipv4_prefix, route(1));
    b.establish();
    const auto others = std::make_shared<audience>();
    others->want(ipv6_prefix, route(1));
    peer_bench next(b.under_test.settings(), b.under_test.snapshot(), others);
    CHECK(next.under_test.rib().advertised_count(net::address_family::ipv4) == 1);
    next.written(1);
    CHECK(next.under_test.rib().advertised_count(net::address_family::ipv4) == 0);
    CHECK(next.under_test.rib().advertised_count(net::address_family::ipv6) == 1);
}

TEST_CASE("peer_snapshot: of one that contradicts itself no peer is made") {
    peer_bench b;
    b.under_test.heard().want(ipv4_prefix, route(1));
    b.establish();
    const auto right = b.under_test.snapshot();
    REQUIRE(find_fault(right) == std::nullopt);
    const auto fault_with = [&](const auto& change) {
        auto wrong = right;
        change(wrong, wrong.connections.at(0));
        return find_fault(wrong).value_or("nothing");
    };
    using all = peer_snapshot;
    using one = connection_snapshot;
    CHECK(fault_with([](all& wrong, one&) { wrong.version = 2; }) == "its version is 2, not 1");
    CHECK(fault_with([](all&, one& wrong) { wrong.fsm.state = session_state::connect; }) ==
          "connection 1 is in a state without TCP");
    CHECK(fault_with([](all&, one& wrong) { wrong.fsm.session.reset(); }) ==
          "connection 1 has a session before an OPEN, or none after it");
    CHECK(fault_with([](all&, one& wrong) { wrong.deadlines[0] = time_point(); }) ==
          "connection 1 has a deadline without a timer, or a timer without a deadline");
    CHECK(fault_with([](all& wrong, one& known) { wrong.connections.push_back(known); }) ==
          "connection 1 is one too many");
    CHECK(fault_with([](all& wrong, one&) { wrong.next_id = 1; }) ==
          "connection 1 is of the future");
    CHECK(fault_with([](all& wrong, one&) { wrong.running = false; }) ==
          "it has connections and does not run");
    CHECK(fault_with([](all& wrong, one&) { wrong.down = true; }) == "it is down and runs");
    CHECK(fault_with([](all& wrong, one&) { wrong.connections.clear(); }) ==
          "it has routes that its session cannot have");
    CHECK(fault_with([](all& wrong, one&) {
              wrong.routes.begin()->second.routes[0].attributes.reset();
          }) == "it has routes that its session cannot have");
}

TEST_CASE("peer_snapshot: no peer is made of one that would go wrong later") {
    peer_bench b;
    b.under_test.heard().want(ipv4_prefix, route(1));
    b.under_test.heard().want(ipv6_prefix, route(1));
    b.establish();
    b.written(1);
    const auto right = b.under_test.snapshot();
    REQUIRE(right.routes.at(net::address_family::ipv6).routes.size() == 1);
    const auto fault_with = [&](const auto& change) {
        auto wrong = right;
        change(wrong, *wrong.connections.at(0).fsm.session,
               wrong.routes.at(net::address_family::ipv6));
        return find_fault(wrong).value_or("nothing");
    };
    using all = peer_snapshot;
    using agreed = negotiated_session;
    using feed = feed_snapshot;

    const std::string session = "connection 1 has a session that cannot be negotiated";
    CHECK(fault_with([](all&, agreed& wrong, feed&) { wrong.keepalive = 0ms; }) == session);
    CHECK(fault_with([](all&, agreed& wrong, feed&) { wrong.keepalive = 31s; }) == session);
    CHECK(fault_with([](all&, agreed& wrong, feed&) { wrong.hold_time = 2s; }) == session);
    CHECK(fault_with([](all&, agreed& wrong, feed&) { wrong.hold_time = 65536s; }) == session);
    CHECK(fault_with([](all&, agreed& wrong, feed&) { wrong.hold_time = 0s; }) == session);
    CHECK(fault_with([](all&, agreed& wrong, feed&) { wrong.format.max_size = 1; }) == session);
    CHECK(fault_with([](all&, agreed& wrong, feed&) { wrong.extended_message = false; }) ==
          session);

    const std::string routes = "it has routes that its session cannot have";
    CHECK(fault_with([](all&, agreed&, feed& wrong) { wrong.routes.push_back(wrong.routes[0]); }) ==
          routes);
    CHECK(fault_with([](all&, agreed&, feed& wrong) {
              wrong.routes[0].attributes = route(1); // without a next hop
          }) == routes);
    CHECK(fault_with([](all&, agreed&, feed& wrong) {
              auto attributes = *wrong.routes[0].attributes;
              attributes.next_hop->global = our_address;
              wrong.routes[0].attributes =
                  std::make_shared<const wire::path_attributes>(attributes);
          }) == routes);
    CHECK(fault_with([](all& wrong, agreed&, feed&) {
              wrong.routes.erase(net::address_family::ipv6);
          }) == routes);
    CHECK(fault_with([](all&, agreed& wrong, feed& refreshed) {
              wrong.enhanced_route_refresh = false;
              refreshed.refresh_asked = true;
          }) == routes);

    const std::string early = "it has a time before its clock has begun";
    CHECK(fault_with([](all& wrong, agreed&, feed&) { wrong.up_since = time_point::min(); }) ==
          early);
    CHECK(fault_with([](all& wrong, agreed&, feed&) {
              wrong.refreshes_spent_until = time_point::min();
          }) == early);
    CHECK(fault_with([](all& wrong, agreed&, feed&) { wrong.since -= 1s; }) == early);
    CHECK(fault_with([](all& wrong, agreed&, feed&) {
              session_end end;
              end.at -= 1s;
              wrong.ends = {false, end, std::nullopt};
          }) == early);
    const std::string id = "its next connection has a number that cannot be";
    CHECK(fault_with([](all& wrong, agreed&, feed&) { wrong.next_id = connection_id(-1); }) == id);
    CHECK(fault_with([](all& wrong, agreed&, feed&) { wrong.after_session_up = 3; }) == id);
    CHECK(fault_with([](all& wrong, agreed&, feed&) { wrong.failures = 21; }) ==
          "it has had more failures than are counted");
}

TEST_CASE("peer_snapshot: the timers of a connection are those of its state") {
    peer_bench b;
    b.establish();
    const auto right = b.under_test.snapshot();
    for (std::size_t timer = 0; timer < session_timer_count; ++timer) {
        auto wrong = right;
        auto& one = wrong.connections[0];
        one.fsm.running[timer] = !one.fsm.running[timer];
        one.deadlines[timer] = one.fsm.running[timer] ? std::optional(time_point()) : std::nullopt;
        CHECK(find_fault(wrong) == "connection 1 has other timers than its state");
    }
}

TEST_CASE("peer_snapshot: without a session nothing is asked for, and one connection at most is "
          "beyond OpenSent") {
    peer_bench b;
    b.establish();
    const auto right = b.under_test.snapshot();
    auto two = right;
    two.next_id = 8;
    two.connections.push_back(two.connections[0]);
    two.connections[1].id = 7;
    two.connections[1].fsm.state = session_state::open_confirm;
    const auto send_hold = static_cast<std::size_t>(session_timer::send_hold);
    two.connections[1].fsm.running[send_hold] = false;
    two.connections[1].deadlines[send_hold].reset();
    CHECK(find_fault(two) == "connection 7 is one too many");
    std::swap(two.connections[0], two.connections[1]);
    CHECK(find_fault(two) == "connection 1 is one too many");

    peer_bench idle;
    auto asked = idle.under_test.snapshot();
    CHECK(find_fault(asked) == std::nullopt);
    asked.refreshes_asked.insert(net::address_family::ipv4);
    CHECK(find_fault(asked) == "it has routes that its session cannot have");
    auto dials = idle.under_test.snapshot();
    dials.dial_at = time_point();
    CHECK(find_fault(dials) == "it has connections and does not run");
}
