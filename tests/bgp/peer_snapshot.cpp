#include "tests/bgp/peer_support.hpp"

#include <limits>
#include <memory>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

const auto ipv4_prefix = *net::ip_prefix::parse("192.0.2.0/24");
const auto ipv6_prefix = *net::ip_prefix::parse("2001:db8:53::/48");

shared_attributes route(std::uint32_t med) {
    wire::path_attributes made;
    made.origin = wire::origin::igp;
    made.path = wire::as_path{{wire::as_segment::kind::sequence, {65010}}};
    made.med = med;
    return std::make_shared<const wire::path_attributes>(std::move(made));
}

/// A life with routes of both families, two refreshes, and messages that arrive in pieces.
struct life {
    scripted_peer scripted{peering_settings(), peer_open(), std::make_shared<audience>()};
    lines ends;

    life() {
        scripted.told = [this](const any_peer_action& action) {
            if (const auto* const ended = std::get_if<peer_action::session_ended>(&action))
                ends.push_back(ended->end.describe());
        };
    }

    void live() {
        scripted.handle(scripted.tested().start(scripted.at));
        scripted.heard().want(ipv4_prefix, route(1));
        scripted.heard().want(ipv6_prefix, route(1));
        scripted.pass(100ms);
        scripted.tested().routes_complete();
        pass(1s);
        scripted.heard().want(ipv4_prefix, route(2));
        scripted.heard().unwant(ipv6_prefix);
        pass(1s);
        ask(net::address_family::ipv4);
        scripted.heard().want(ipv6_prefix, route(3));
        scripted.flush();
        ask(net::address_family::ipv6);
        ask(net::address_family::ipv4);
        pass(1s);
        send_in_pieces(wire::encode_keepalive());
        pass(28s);
        send_in_pieces(wire::encode_keepalive());
        pass(2s); // the hold time is over without these
    }

    const bytes& received() const { return scripted.routers().back()->received; }

private:
    void pass(std::chrono::milliseconds time) {
        scripted.flush();
        scripted.pass(time);
    }
    void ask(net::address_family family) {
        scripted.routers().back()->ask(family);
        scripted.settle();
    }
    void send_in_pieces(const bytes& message) {
        for (const auto octet : message) {
            scripted.routers().back()->send({octet});
            scripted.settle();
        }
    }
};

} // namespace

TEST_CASE("peer_snapshot: a peer that is handed over after any step of its life, and in the middle "
          "of any message, sends octet by octet what it would have sent") {
    for (const auto most : {std::numeric_limits<std::size_t>::max(), std::size_t{7}}) {
        life whole;
        whole.scripted.most = most;
        whole.live();
        REQUIRE(whole.ends == lines{});
        for (std::size_t after = 1; after < whole.scripted.steps.size(); ++after) {
            CAPTURE(most);
            CAPTURE(after);
            life handed_over;
            handed_over.scripted.most = most;
            handed_over.scripted.hand_over_after = after;
            handed_over.live();
            CHECK_FALSE(handed_over.scripted.hand_over_after);
            CHECK(handed_over.ends == lines{});
            CHECK(handed_over.received() == whole.received());
            CHECK(handed_over.scripted.routers().size() == 1);
            CHECK(handed_over.scripted.tested().snapshot() == whole.scripted.tested().snapshot());
        }
    }
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
    CHECK(fault_with([](all& wrong, one&) { wrong.connections.clear(); }) ==
          "it has routes that its session cannot have");
    CHECK(fault_with([](all& wrong, one&) {
              wrong.routes.begin()->second.routes[0].attributes.reset();
          }) == "it has routes that its session cannot have");
}
