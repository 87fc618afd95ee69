#include "herald/bfd/authentication.hpp"

#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>
#include <string_view>

using namespace herald;
using namespace herald::bfd;
using herald::test::bytes;
using herald::test::hex;

namespace {

constexpr std::uint32_t number = 0xFFFFFFFE;

const bytes unsigned_packet = hex("20c00318 0000000b 00000016 000493e0 0000c350 00000000");

authentication_settings keyed(authentication_type type, std::string key = "secret") {
    return {type, 7, std::move(key)};
}

bytes signed_packet(const authentication_settings& with) {
    auto packet = unsigned_packet;
    sign(packet, with, number);
    return packet;
}

/// As the octets say, made by another implementation of SHA1.
bytes expected_packet(std::string_view type, std::string_view digest) {
    return hex("20c40334 0000000b 00000016 000493e0 0000c350 00000000" // A is set, 52 octets
               + std::string(type) + "1c 07 00 fffffffe" + std::string(digest));
}

/// Why a packet with this octet in it is dropped.
std::optional<discard> discard_of_altered(std::size_t at, std::uint8_t value) {
    const auto settings = keyed(authentication_type::keyed_sha1);
    auto packet = signed_packet(settings);
    packet.at(at) = value;
    const auto verified = verify(*decode(packet), settings);
    return verified ? std::nullopt : std::optional(verified.error());
}

} // namespace

TEST_CASE("authentication: a signed packet, octet for octet, RFC 5880 §4.4") {
    CHECK(signed_packet(keyed(authentication_type::keyed_sha1)) ==
          expected_packet("04", "e7d43e764bd48652201121ae6ccd6c4faf089a70"));
    CHECK(signed_packet(keyed(authentication_type::meticulous_sha1)) ==
          expected_packet("05", "c2b80d510aa3047ef934b193ee8faefbb9495a7d"));
    const std::string longest(20, 'k');
    CHECK(signed_packet(keyed(authentication_type::keyed_sha1, longest)) ==
          expected_packet("04", "ace79c524249d57cd121209be0c012b23bd99f63"));
    CHECK(signed_packet(keyed(authentication_type::meticulous_sha1, longest)) ==
          expected_packet("05", "637199929d7e1db3e67bdc4f7ee01661af1eddeb"));
}

TEST_CASE("authentication: what was signed with the key is verified with it, and with no other") {
    for (const auto type :
         {authentication_type::keyed_sha1, authentication_type::meticulous_sha1}) {
        const auto packet = signed_packet(keyed(type));
        CHECK(verify(*decode(packet), keyed(type)).value() == number);
        CHECK(verify(*decode(packet), keyed(type, "Secret")).error() ==
              discard::authentication_digest);
        // The key is filled up with zeros: this one is the same.
        CHECK(verify(*decode(packet), keyed(type, std::string("secret\0", 7))));
    }
}

TEST_CASE("authentication: both sides have it, or neither") {
    const auto settings = keyed(authentication_type::keyed_sha1);
    CHECK(verify(*decode(signed_packet(settings)), std::nullopt).error() ==
          discard::authentication_unexpected);
    CHECK(verify(*decode(unsigned_packet), settings).error() == discard::authentication_missing);
    CHECK(verify(*decode(unsigned_packet), std::nullopt).value() == std::nullopt);
}

TEST_CASE("authentication: each field of the section is held to what it has to be, RFC 5880 "
          "§6.7.4") {
    CHECK(discard_of_altered(24, 5) == discard::authentication_type);
    CHECK(discard_of_altered(24, 1) == discard::authentication_type);
    CHECK(discard_of_altered(25, 27) == discard::authentication_length);
    CHECK(discard_of_altered(25, 29) == discard::authentication_length);
    CHECK(discard_of_altered(3, 51) == discard::authentication_length);
    CHECK(discard_of_altered(3, 26) == discard::authentication_length);
    CHECK(discard_of_altered(26, 8) == discard::authentication_key);
    CHECK(discard_of_altered(51, 0x71) == discard::authentication_digest);
    CHECK(discard_of_altered(51, 0x70) == std::nullopt);
}

TEST_CASE("authentication: a change of any octet of a signed packet is found") {
    const auto settings = keyed(authentication_type::meticulous_sha1);
    const auto packet = signed_packet(settings);
    for (std::size_t at = 0; at < packet.size(); ++at) {
        CAPTURE(at);
        auto changed = packet;
        changed[at] ^= 0x10U;
        const auto decoded = decode(changed);
        CHECK_FALSE((decoded && verify(*decoded, settings)));
    }
}
