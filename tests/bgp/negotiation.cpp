#include "herald/bgp/negotiation.hpp"

#include "tests/bgp/session_support.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <vector>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

using result = std::expected<negotiated_session, wire::notification>;

result refused(std::uint8_t subcode, std::vector<std::uint8_t> data = {}) {
    return std::unexpected(
        wire::notification{wire::error_code::open_message, subcode, std::move(data)});
}

/// What remains of the peer's OPEN without this kind of capability.
template <typename Capability>
wire::open_message without(wire::open_message open) {
    std::erase_if(open.capabilities, [](const wire::capability& offered) {
        return std::holds_alternative<Capability>(offered);
    });
    return open;
}

wire::open_message with(wire::open_message open, wire::capability added) {
    open.capabilities.push_back(std::move(added));
    return open;
}

session_settings ibgp_settings() {
    auto settings = our_settings();
    settings.remote_as = settings.local_as;
    return settings;
}

wire::open_message ibgp_open() {
    auto open = with(without<wire::four_octet_as_capability>(peer_open()),
                     wire::four_octet_as_capability{65010});
    open.my_as = 65010;
    return open;
}

} // namespace

TEST_CASE("make_open: every session offers families, refreshes, extended messages, 4-octet AS") {
    wire::open_message expected;
    expected.my_as = 65010;
    expected.hold_time = 30;
    expected.identifier = 0xC000020A;
    expected.capabilities = {
        wire::multiprotocol_capability{1, 1},  wire::multiprotocol_capability{2, 1},
        wire::route_refresh_capability{},      wire::extended_message_capability{},
        wire::four_octet_as_capability{65010}, wire::enhanced_route_refresh_capability{},
    };
    CHECK(make_open(our_settings()) == expected);
}

TEST_CASE("make_open: an AS over 65535 is AS_TRANS in the field of two octets, RFC 6793 §4.2.1") {
    auto settings = our_settings();
    settings.local_as = 4200000000;
    const auto open = make_open(settings);
    CHECK(open.my_as == 23456);
    CHECK(open.as() == 4200000000);
}

TEST_CASE("make_open: what is configured beyond that is offered in order of code") {
    auto settings = our_settings();
    settings.families = {net::address_family::ipv4};
    settings.extended_next_hop = true;
    settings.role = wire::bgp_role::customer;
    settings.graceful_restart = 120s;
    wire::graceful_restart_capability restart;
    restart.notification = true;
    restart.restart_time = 120;
    restart.entries = {{1, 1, false}};
    CHECK(make_open(settings).capabilities ==
          std::vector<wire::capability>{
              wire::multiprotocol_capability{1, 1}, wire::route_refresh_capability{},
              wire::extended_next_hop_capability{{{1, 1, 2}}}, wire::extended_message_capability{},
              wire::role_capability{3}, restart, wire::four_octet_as_capability{65010},
              wire::enhanced_route_refresh_capability{}});
}

TEST_CASE("make_open: after a planned restart R and every family's F are set, RFC 4724 §4.1") {
    auto settings = our_settings();
    settings.graceful_restart = 2h; // more than the 12 bits of the field
    wire::graceful_restart_capability expected;
    expected.restarted = true;
    expected.notification = true;
    expected.restart_time = 4095;
    expected.entries = {{1, 1, true}, {2, 1, true}};
    const auto offered = make_open(settings, true).capabilities;
    CHECK(std::ranges::count(offered, wire::capability{expected}) == 1);
}

TEST_CASE("make_open: iBGP sends no role, RFC 9234 §4.1") {
    auto settings = ibgp_settings();
    settings.role = wire::bgp_role::peer;
    CHECK(make_open(settings) == make_open(ibgp_settings()));
}

TEST_CASE("negotiate: a peer that can all we offer") {
    CHECK(negotiate(our_settings(), peer_open()) == result(peer_session()));
}

TEST_CASE("negotiate: a peer without any capability speaks IPv4 and 2-octet AS, RFC 5492 §3") {
    auto peer = peer_open();
    peer.capabilities.clear();
    negotiated_session expected;
    expected.peer_as = 64500;
    expected.peer_identifier = 0xC6336401;
    expected.hold_time = 30s;
    expected.keepalive = 10s;
    expected.families = {net::address_family::ipv4};
    expected.format.four_octet_as = false;
    CHECK(negotiate(our_settings(), peer) == result(expected));
}

TEST_CASE("negotiate: the hold time is the lower offer, keepalives a third, RFC 4271 §4.2, §4.4") {
    struct row {
        std::chrono::seconds ours;
        std::uint16_t theirs;
        std::chrono::seconds hold_time;
        std::chrono::milliseconds keepalive;
    };
    for (const auto& [ours, theirs, hold_time, keepalive] : {
             row{90s, 180, 90s, 30s},
             row{180s, 90, 90s, 30s},
             row{10s, 90, 10s, 3333ms},
             row{3s, 90, 3s, 1s},
             row{0s, 90, 0s, 0s},
             row{90s, 0, 0s, 0s},
             row{65535s, 65535, 65535s, 21845s},
         }) {
        auto settings = our_settings();
        settings.hold_time = ours;
        auto peer = peer_open();
        peer.hold_time = theirs;
        auto expected = peer_session();
        expected.hold_time = hold_time;
        expected.keepalive = keepalive;
        CHECK(negotiate(settings, peer) == result(expected));
    }
}

TEST_CASE("negotiate: an AS other than configured is refused with 2/2, RFC 4271 §6.2") {
    auto settings = our_settings();
    settings.remote_as = 64501;
    CHECK(negotiate(settings, peer_open()) == refused(2));
}

TEST_CASE("negotiate: the capability's AS counts, not the field's, RFC 6793 §4.1") {
    auto peer = peer_open();
    peer.my_as = 64999;
    CHECK(negotiate(our_settings(), peer) == result(peer_session()));
}

TEST_CASE("negotiate: a 4-octet AS is known by its capability, RFC 6793 §4.1") {
    auto settings = our_settings();
    settings.remote_as = 4200000000;
    auto peer = with(without<wire::four_octet_as_capability>(peer_open()),
                     wire::four_octet_as_capability{4200000000});
    peer.my_as = 23456;
    auto expected = peer_session();
    expected.peer_as = 4200000000;
    CHECK(negotiate(settings, peer) == result(expected));

    settings.remote_as = 4200000001;
    CHECK(negotiate(settings, peer) == refused(2));
}

TEST_CASE("negotiate: AS_TRANS without the capability stands for an AS that does not fit, "
          "RFC 6793 §4.2.1") {
    auto peer = without<wire::four_octet_as_capability>(peer_open());
    peer.my_as = 23456;
    CHECK(negotiate(our_settings(), peer) == refused(2));

    auto settings = our_settings();
    settings.remote_as = 4200000000;
    auto expected = peer_session();
    expected.peer_as = 4200000000;
    expected.format.four_octet_as = false;
    CHECK(negotiate(settings, peer) == result(expected));

    peer.my_as = 64500;
    CHECK(negotiate(settings, peer) == refused(2));
}

TEST_CASE("negotiate: where any other AS will do, the peer's OPEN says which it is") {
    auto settings = our_settings();
    settings.remote_as.reset();
    CHECK(negotiate(settings, peer_open()) == result(peer_session()));

    auto peer = with(without<wire::four_octet_as_capability>(peer_open()),
                     wire::four_octet_as_capability{4200000000});
    peer.my_as = 23456;
    auto expected = peer_session();
    expected.peer_as = 4200000000;
    CHECK(negotiate(settings, peer) == result(expected));

    peer = without<wire::four_octet_as_capability>(peer_open());
    expected = peer_session();
    expected.format.four_octet_as = false;
    CHECK(negotiate(settings, peer) == result(expected));
}

TEST_CASE("negotiate: any other AS is neither ours nor a reserved one, RFC 6793, RFC 7300, "
          "RFC 7607") {
    auto settings = our_settings();
    settings.remote_as.reset();
    CHECK(negotiate(settings, ibgp_open()) == refused(2));
    for (const net::as_number as : {0U, 23456U, 65535U, 4294967295U}) {
        const auto peer = with(without<wire::four_octet_as_capability>(peer_open()),
                               wire::four_octet_as_capability{as});
        CHECK(negotiate(settings, peer) == refused(2));
    }
    // AS_TRANS alone does not say which AS it stands for.
    auto peer = without<wire::four_octet_as_capability>(peer_open());
    for (const std::uint16_t as : {std::uint16_t{23456}, std::uint16_t{65010}}) {
        peer.my_as = as;
        CHECK(negotiate(settings, peer) == refused(2));
    }
}

TEST_CASE("negotiate: a role is for a peer of any other AS, too, RFC 9234 §4.2") {
    auto settings = our_settings();
    settings.remote_as.reset();
    settings.role = wire::bgp_role::customer;
    CHECK(negotiate(settings, with(peer_open(), wire::role_capability{4})) == refused(11));
    CHECK(std::ranges::count(make_open(settings).capabilities,
                             wire::capability{wire::role_capability{3}}) == 1);
}

TEST_CASE("negotiate: our own identifier is refused on iBGP with 2/3, RFC 6286 §2.2") {
    auto peer = ibgp_open();
    peer.identifier = ibgp_settings().router_id;
    CHECK(negotiate(ibgp_settings(), peer) == refused(3));
}

TEST_CASE("negotiate: our own identifier is legal on eBGP, RFC 6286 §2.2") {
    auto peer = peer_open();
    peer.identifier = our_settings().router_id;
    auto expected = peer_session();
    expected.peer_identifier = our_settings().router_id;
    CHECK(negotiate(our_settings(), peer) == result(expected));
}

TEST_CASE("negotiate: iBGP makes the format internal and knows no role, RFC 9234 §4.1") {
    auto settings = ibgp_settings();
    settings.role = wire::bgp_role::provider;
    auto expected = peer_session();
    expected.peer_as = 65010;
    expected.format.internal = true;
    CHECK(negotiate(settings, with(ibgp_open(), wire::role_capability{0})) == result(expected));
}

TEST_CASE("negotiate: roles go together or are refused with 2/11, RFC 9234 §4.2") {
    using enum wire::bgp_role;
    constexpr std::array roles{provider, rs, rs_client, customer, peer};
    constexpr std::array<std::pair<wire::bgp_role, wire::bgp_role>, 5> allowed{
        {{provider, customer},
         {customer, provider},
         {rs, rs_client},
         {rs_client, rs},
         {peer, peer}}};
    for (const auto ours : roles) {
        for (const auto theirs : roles) {
            auto settings = our_settings();
            settings.role = ours;
            auto expected = peer_session();
            expected.peer_role = static_cast<std::uint8_t>(theirs);
            const bool fits = std::ranges::find(allowed, std::pair{ours, theirs}) != allowed.end();
            CHECK(negotiate(settings,
                            with(peer_open(),
                                 wire::role_capability{static_cast<std::uint8_t>(theirs)})) ==
                  (fits ? result(expected) : refused(11)));
        }
    }
}

TEST_CASE("negotiate: a role that is not known fits none of ours, RFC 9234 §4.2") {
    auto settings = our_settings();
    settings.role = wire::bgp_role::peer;
    CHECK(negotiate(settings, with(peer_open(), wire::role_capability{9})) == refused(11));
}

TEST_CASE("negotiate: a role on one side alone is no fault, RFC 9234 §4.2") {
    auto settings = our_settings();
    settings.role = wire::bgp_role::customer;
    CHECK(negotiate(settings, peer_open()) == result(peer_session()));

    auto expected = peer_session();
    expected.peer_role = 4;
    CHECK(negotiate(our_settings(), with(peer_open(), wire::role_capability{4})) ==
          result(expected));
}

TEST_CASE("negotiate: roles may repeat but not contradict each other, RFC 9234 §4.2") {
    const auto once = with(peer_open(), wire::role_capability{4});
    auto expected = peer_session();
    expected.peer_role = 4;
    CHECK(negotiate(our_settings(), with(once, wire::role_capability{4})) == result(expected));
    CHECK(negotiate(our_settings(), with(once, wire::role_capability{3})) == refused(11));
}

TEST_CASE("negotiate: families are those of both sides, whatever else the peer speaks") {
    auto settings = our_settings();
    settings.families = {net::address_family::ipv6};
    auto expected = peer_session();
    expected.families = {net::address_family::ipv6};
    CHECK(negotiate(settings, with(peer_open(), wire::multiprotocol_capability{25, 70})) ==
          result(expected));
}

TEST_CASE("negotiate: no family in common is 2/7 with ours as data, RFC 5492 §5") {
    const auto peer = with(without<wire::multiprotocol_capability>(peer_open()),
                           wire::multiprotocol_capability{1, 128});
    CHECK(negotiate(our_settings(), peer) == refused(7, {
                                                            1,    // multiprotocol
                                                            4,    // length
                                                            0, 1, // IPv4
                                                            0,    // reserved
                                                            1,    // unicast
                                                            1,    // multiprotocol
                                                            4,    // length
                                                            0, 2, // IPv6
                                                            0,    // reserved
                                                            1,    // unicast
                                                        }));
}

TEST_CASE("negotiate: IPv6 alone on our side needs the peer to announce it, RFC 4760 §8") {
    auto settings = our_settings();
    settings.families = {net::address_family::ipv6};
    CHECK(negotiate(settings, without<wire::multiprotocol_capability>(peer_open())) ==
          refused(7, {1, 4, 0, 2, 0, 1}));
}

TEST_CASE("negotiate: where we have no family, none is required") {
    auto settings = our_settings();
    settings.families = {};
    auto expected = peer_session();
    expected.families = {};
    CHECK(negotiate(settings, peer_open()) == result(expected));
}

TEST_CASE("negotiate: an IPv6 next hop for IPv4 needs both sides, RFC 8950 §4") {
    const auto peer = with(peer_open(), wire::extended_next_hop_capability{{{1, 1, 2}}});
    CHECK(negotiate(our_settings(), peer) == result(peer_session()));

    auto settings = our_settings();
    settings.extended_next_hop = true;
    CHECK(negotiate(settings, peer_open()) == result(peer_session()));
    CHECK(negotiate(settings, with(peer_open(), wire::extended_next_hop_capability{
                                                    {{1, 128, 2}}})) == result(peer_session()));

    auto expected = peer_session();
    expected.format.extended_next_hop = true;
    CHECK(negotiate(settings, peer) == result(expected));
}

TEST_CASE("negotiate: messages stay at 4096 octets for a peer without RFC 8654") {
    auto expected = peer_session();
    expected.extended_message = false;
    expected.format.max_size = 4096;
    CHECK(negotiate(our_settings(), without<wire::extended_message_capability>(peer_open())) ==
          result(expected));
}

TEST_CASE("negotiate: refreshes are known one by one, RFC 2918, RFC 7313") {
    auto expected = peer_session();
    expected.route_refresh = false;
    CHECK(negotiate(our_settings(), without<wire::route_refresh_capability>(peer_open())) ==
          result(expected));
    expected = peer_session();
    expected.enhanced_route_refresh = false;
    CHECK(negotiate(our_settings(), without<wire::enhanced_route_refresh_capability>(
                                        peer_open())) == result(expected));
}

TEST_CASE("negotiate: graceful restart takes both sides, and N both of those, RFC 8538 §2") {
    auto settings = our_settings();
    wire::graceful_restart_capability helper; // which may not restart itself: it lists no family
    auto expected = peer_session();
    expected.peer_graceful_restart = helper;
    CHECK(negotiate(settings, with(peer_open(), helper)) == result(expected));

    settings.graceful_restart = 120s;
    expected.graceful_restart = true;
    CHECK(negotiate(settings, with(peer_open(), helper)) == result(expected));
    CHECK(negotiate(settings, peer_open()) == result(peer_session()));

    helper.notification = true;
    expected.peer_graceful_restart = helper;
    expected.graceful_notification = true;
    CHECK(negotiate(settings, with(peer_open(), helper)) == result(expected));
}

TEST_CASE("negotiate: of several graceful-restart capabilities the last counts, RFC 4724 §3") {
    wire::graceful_restart_capability first;
    first.entries = {{1, 1, false}};
    wire::graceful_restart_capability last;
    last.restart_time = 7;
    auto expected = peer_session();
    expected.peer_graceful_restart = last;
    const auto session = negotiate(our_settings(), with(with(peer_open(), first), last));
    CHECK(session == result(expected));
    CHECK_FALSE(session->peer_may_restart());
}

TEST_CASE("negotiate: unknown and repeated capabilities change nothing, RFC 5492 §4") {
    auto peer = with(peer_open(), wire::unknown_capability{73, {4, 'l', 'e', 'a', 'f', 0}});
    const auto offered = peer.capabilities;
    peer.capabilities.insert(peer.capabilities.end(), offered.begin(), offered.end());
    CHECK(negotiate(our_settings(), peer) == result(peer_session()));
}
