#pragma once

#include "tests/bgp/peer_support.hpp"

#include <functional>
#include <limits>
#include <memory>

namespace herald::bgp::test {

inline const auto ipv4_prefix = *net::ip_prefix::parse("192.0.2.0/24");
inline const auto ipv6_prefix = *net::ip_prefix::parse("2001:db8:53::/48");

inline shared_attributes route(std::uint32_t med) {
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

/// Hands a peer over after any step of its life, and in the middle of any message: what it sends
/// stays the same. `carry`: how a snapshot gets to the other process; null: as it is.
inline void check_every_hand_over(const std::function<peer_snapshot(const peer_snapshot&)>& carry) {
    for (const auto most : {std::numeric_limits<std::size_t>::max(), std::size_t{7}}) {
        life whole;
        whole.scripted.most = most;
        whole.live();
        REQUIRE(whole.ends == lines{});
        for (std::size_t after = 1; after < whole.scripted.steps.size(); ++after) {
            CAPTURE(most);
            CAPTURE(after);
            life handed_over;
            handed_over.scripted.carry = carry;
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

} // namespace herald::bgp::test
