#include "herald/bfd/packet.hpp"

#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>
#include <utility>

using namespace herald;
using namespace herald::bfd;
using namespace std::chrono_literals;
using herald::test::bytes;
using herald::test::hex;

namespace {

const bytes plain = hex("23    # version 1, diagnostic 3\n"
                        "c0    # Up, no flags\n"
                        "03    # multiplier\n"
                        "18    # length\n"
                        "0000000b # my discriminator\n"
                        "80000016 # your discriminator\n"
                        "000493e0 # desired min tx: 300 ms\n"
                        "0000c350 # required min rx: 50 ms\n"
                        "ffffffff # required min echo rx\n");
const control_packet plain_packet{.state = session_state::up,
                                  .diagnostic = diagnostic::neighbor_signaled_down,
                                  .multiplier = 3,
                                  .mine = 11,
                                  .yours = 0x80000016,
                                  .desired_min_tx = 300ms,
                                  .required_min_rx = 50ms,
                                  .required_min_echo_rx = 4294967295us};

/// Why `plain` is dropped with this octet in it.
std::optional<discard> discard_with(std::size_t at, std::uint8_t value) {
    auto changed = plain;
    changed.at(at) = value;
    const auto decoded = decode(changed);
    return decoded ? std::nullopt : std::optional(decoded.error());
}

bytes with_zeros(bytes packet, std::size_t at, std::size_t count) {
    std::fill_n(packet.begin() + static_cast<std::ptrdiff_t>(at), count, std::uint8_t{0});
    return packet;
}

} // namespace

TEST_CASE("packet: every field is where RFC 5880 §4.1 has it, decoded and encoded") {
    const auto decoded = decode(plain);
    REQUIRE(decoded);
    CHECK(decoded->packet == plain_packet);
    CHECK(decoded->authentication.empty());
    CHECK(bytes(decoded->whole.begin(), decoded->whole.end()) == plain);
    CHECK(encode(plain_packet) == plain);
}

TEST_CASE("packet: each flag is a bit of its own") {
    const std::pair<std::uint8_t, bool control_packet::*> flags[]{
        {0x20, &control_packet::poll},
        {0x10, &control_packet::final},
        {0x08, &control_packet::control_plane_independent},
        {0x02, &control_packet::demand}};
    for (const auto& [bit, member] : flags) {
        auto packet = plain_packet;
        packet.*member = true;
        auto octets = plain;
        octets[1] |= bit;
        CHECK(encode(packet) == octets);
        REQUIRE(decode(octets));
        CHECK(decode(octets)->packet == packet);
    }
}

TEST_CASE("packet: every state and diagnostic there can be is read, and has a name") {
    for (const auto value : bytes{0, 1, 2, 3}) {
        auto octets = plain;
        octets[1] = static_cast<std::uint8_t>(value << 6U);
        CHECK(decode(octets)->packet.state == session_state{value});
    }
    CHECK(to_string(session_state::admin_down) == "AdminDown");
    CHECK(to_string(session_state::init) == "Init");
    for (std::uint8_t value = 0; value < 32; ++value) {
        auto octets = plain;
        octets[0] = static_cast<std::uint8_t>(0x20U | value);
        CHECK(decode(octets)->packet.diagnostic == diagnostic{value});
        CHECK_FALSE(to_string(diagnostic{value}).empty());
    }
    CHECK(to_string(diagnostic::administratively_down) == "Administratively Down");
    CHECK(to_string(diagnostic{9}) == "Reserved");
}

TEST_CASE("packet: what RFC 5880 §6.8.6 has dropped without its session is dropped, and says why") {
    CHECK(discard_with(0, 0x03) == discard::version);
    CHECK(discard_with(0, 0x43) == discard::version);
    CHECK(discard_with(3, 23) == discard::length);
    CHECK(discard_with(3, 0) == discard::length);
    CHECK(discard_with(3, 25) == discard::truncated);
    CHECK(discard_with(3, 255) == discard::truncated);
    CHECK(discard_with(2, 0) == discard::multiplier);
    CHECK(discard_with(1, 0xC1) == discard::multipoint);
    CHECK(decode(with_zeros(plain, 4, 4)).error() == discard::my_discriminator);
    CHECK(decode(with_zeros(plain, 8, 4)).error() == discard::your_discriminator);
    CHECK(discard_with(2, 1) == std::nullopt);
}

TEST_CASE("packet: Your Discriminator may be 0 in Down and AdminDown, and in no other state") {
    auto packet = with_zeros(plain, 8, 4);
    for (const auto state : bytes{0x00, 0x40}) {
        packet[1] = state;
        CHECK(decode(packet));
    }
    for (const auto state : bytes{0x80, 0xC0}) {
        packet[1] = state;
        CHECK(decode(packet).error() == discard::your_discriminator);
    }
}

TEST_CASE("packet: with authentication it is two octets longer at least") {
    auto packet = plain;
    packet[1] |= 0x04;
    CHECK(decode(packet).error() == discard::length);
    packet[3] = 25;
    packet.push_back(4);
    CHECK(decode(packet).error() == discard::length);
    packet[3] = 26;
    CHECK(decode(packet).error() == discard::truncated);
    packet.push_back(2);
    REQUIRE(decode(packet));
    CHECK(test::to_hex(decode(packet)->authentication) == "0402");
}

TEST_CASE("packet: what follows its Length is not part of it") {
    const auto longer = test::join({plain, {1, 2, 3}});
    REQUIRE(decode(longer));
    CHECK(decode(longer)->packet == plain_packet);
    CHECK(decode(longer)->whole.size() == 24);
}

TEST_CASE("packet: one that is cut anywhere is dropped") {
    test::for_each_cut(plain, [](auto cut) { CHECK(decode(cut).error() == discard::truncated); });
}

TEST_CASE("packet: what is dropped is counted by reason, each of which has a name") {
    discard_counters counters;
    for (std::size_t each = 0; each < discard_count; ++each) {
        const auto why = static_cast<discard>(each);
        CHECK_FALSE(to_string(why).empty());
        for (std::size_t times = 0; times <= each; ++times)
            counters.count(why);
        CHECK(counters.of(why) == each + 1);
    }
    CHECK(counters.total() == discard_count * (discard_count + 1) / 2);
    CHECK(to_string(static_cast<discard>(discard_count)).empty());
}
