#include "herald/bgp/collision.hpp"

#include "tests/bgp/session_support.hpp"

#include <doctest/doctest.h>

using namespace herald::bgp;
using namespace herald::bgp::test;
using herald::wire::graceful_restart_capability;
using herald::wire::open_message;

namespace {

session_settings settings_with(std::uint32_t router_id) {
    auto settings = our_settings();
    settings.router_id = router_id;
    return settings;
}

open_message open_with(std::uint32_t identifier) {
    auto open = peer_open();
    open.identifier = identifier;
    return open;
}

session_fsm in_open_confirm(const session_settings& settings, const open_message& open) {
    session_fsm fsm(settings);
    fsm.handle(event::start{});
    fsm.handle(event::tcp_established{});
    fsm.handle(event::open_received{open});
    REQUIRE(fsm.state() == session_state::open_confirm);
    return fsm;
}

session_fsm in_established(const session_settings& settings, const open_message& open) {
    auto fsm = in_open_confirm(settings, open);
    fsm.handle(event::keepalive_received{});
    REQUIRE(fsm.state() == session_state::established);
    return fsm;
}

collision_outcome against_open_confirm(const session_settings& settings, const open_message& peer,
                                       direction newcomer) {
    return resolve_collision(settings, peer, newcomer, in_open_confirm(settings, peer));
}

} // namespace

TEST_CASE("collision: with the lower identifier ours, what the peer opened stays, RFC 4271 §6.8") {
    const auto settings = settings_with(0x0A000001);
    const auto peer = open_with(0x0A000002);
    CHECK(against_open_confirm(settings, peer, direction::accepted) ==
          collision_outcome::close_other);
    CHECK(against_open_confirm(settings, peer, direction::dialled) ==
          collision_outcome::close_newcomer);
}

TEST_CASE("collision: with the higher identifier ours, what we dialled stays, RFC 4271 §6.8") {
    const auto settings = settings_with(0x0A000002);
    const auto peer = open_with(0x0A000001);
    CHECK(against_open_confirm(settings, peer, direction::accepted) ==
          collision_outcome::close_newcomer);
    CHECK(against_open_confirm(settings, peer, direction::dialled) ==
          collision_outcome::close_other);
}

TEST_CASE("collision: identifiers compare as unsigned numbers, RFC 4271 §6.8") {
    const auto settings = settings_with(0x7FFFFFFF);
    const auto peer = open_with(0x80000000);
    CHECK(against_open_confirm(settings, peer, direction::accepted) ==
          collision_outcome::close_other);
}

TEST_CASE("collision: with equal identifiers the higher AS decides, RFC 6286 §2.3") {
    auto settings = settings_with(0x0A000001);
    auto peer = open_with(0x0A000001);
    CHECK(against_open_confirm(settings, peer, direction::dialled) ==
          collision_outcome::close_other); // 65010 against 64500
    CHECK(against_open_confirm(settings, peer, direction::accepted) ==
          collision_outcome::close_newcomer);

    settings.local_as = 64000;
    CHECK(against_open_confirm(settings, peer, direction::dialled) ==
          collision_outcome::close_newcomer);
    CHECK(against_open_confirm(settings, peer, direction::accepted) ==
          collision_outcome::close_other);

    settings.remote_as.reset(); // which AS it is, the OPEN says
    CHECK(against_open_confirm(settings, peer, direction::dialled) ==
          collision_outcome::close_newcomer);
    settings.local_as = 65010;
    CHECK(against_open_confirm(settings, peer, direction::dialled) ==
          collision_outcome::close_other);
}

TEST_CASE("collision: another that has not seen an OPEN leaves it open, RFC 4271 §6.8") {
    const auto settings = our_settings();
    session_fsm other(settings);
    const auto outcome = [&] {
        return resolve_collision(settings, peer_open(), direction::accepted, other);
    };
    CHECK(outcome() == collision_outcome::none); // Idle
    other.handle(event::start{});
    CHECK(outcome() == collision_outcome::none); // Connect
    other.handle(event::tcp_established{});
    REQUIRE(other.state() == session_state::open_sent);
    CHECK(outcome() == collision_outcome::none);

    session_fsm passive(settings);
    passive.handle(event::start_passive{});
    CHECK(resolve_collision(settings, peer_open(), direction::dialled, passive) ==
          collision_outcome::none);
}

TEST_CASE("collision: an Established session stays whatever the identifiers, RFC 4271 §6.8") {
    const auto settings = settings_with(0x0A000001);
    const auto peer = open_with(0x0A000002);
    const auto other = in_established(settings, peer);
    CHECK(resolve_collision(settings, peer, direction::accepted, other) ==
          collision_outcome::close_newcomer);
    CHECK(resolve_collision(settings, peer, direction::dialled, other) ==
          collision_outcome::close_newcomer);
}

TEST_CASE("collision: a peer that restarts gracefully replaces its session, RFC 4724 §4.2") {
    const auto settings = our_settings();
    auto peer = peer_open();
    graceful_restart_capability restart;
    restart.restart_time = 120;
    restart.entries = {{1, 1, false}};
    peer.capabilities.emplace_back(restart);
    const auto other = in_established(settings, peer);
    CHECK(resolve_collision(settings, peer, direction::accepted, other) ==
          collision_outcome::replace_other);
    // What we dialled tells nothing of the peer.
    CHECK(resolve_collision(settings, peer, direction::dialled, other) ==
          collision_outcome::close_newcomer);
}

TEST_CASE("collision: graceful restart without a family replaces nothing, RFC 4724 §4.2") {
    const auto settings = our_settings();
    auto peer = peer_open();
    peer.capabilities.emplace_back(graceful_restart_capability{});
    CHECK(resolve_collision(settings, peer, direction::accepted, in_established(settings, peer)) ==
          collision_outcome::close_newcomer);
}
