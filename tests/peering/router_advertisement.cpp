#include "herald/peering/router_advertisement.hpp"

#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>

using namespace herald;
using namespace herald::peering;
using boost::asio::ip::address_v6;
using boost::asio::ip::make_address_v6;
using test::bytes;
using test::hex;
using test::join;

namespace {

const auto router = make_address_v6("fe80::1");

/// As FRR sends it.
const auto advertisement = hex(R"(
    86 00 cc2f        # Router Advertisement, code 0, checksum
    40 00 001e        # hop limit 64, no flags, lifetime 30 s
    00000000 00000000 # times unspecified
    01 01 1ecf293270eb)"); // source link-layer address

const auto solicitation = hex(R"(
    85 00 d96a
    00000000
    01 01 0ef3b4520f9c)");

std::optional<router_message> decoded(const bytes& octets, const address_v6& from = router,
                                      std::uint8_t hop_limit = 255) {
    return decode({from, hop_limit, octets});
}

bytes changed(bytes octets, std::size_t at, std::uint8_t to) {
    octets.at(at) = to;
    return octets;
}

} // namespace

TEST_CASE("router messages: what FRR and hosts send is read, RFC 4861 §4.1 and §4.2") {
    CHECK(decoded(advertisement) == router_message::advertisement);
    CHECK(decoded(solicitation) == router_message::solicitation);
}

TEST_CASE("router messages: ours have no options, and a lifetime of 0") {
    CHECK(encode(router_message::solicitation) == hex("85 00 0000 00000000"));
    CHECK(encode(router_message::advertisement) == hex("86 00 0000 00 00 0000 00000000 00000000"));
    for (const auto each : {router_message::solicitation, router_message::advertisement})
        CHECK(decoded(encode(each)) == each);
    CHECK(group_of(router_message::solicitation) == make_address_v6("ff02::2"));
    CHECK(group_of(router_message::advertisement) == make_address_v6("ff02::1"));
}

TEST_CASE("router messages: what may come from afar is dropped, RFC 4861 §6.1") {
    for (const auto& each : {advertisement, solicitation}) {
        CHECK_FALSE(decoded(each, router, 254));
        CHECK_FALSE(decoded(each, router, 0));
    }
    CHECK_FALSE(decoded(advertisement, make_address_v6("2001:db8::1")));
    CHECK_FALSE(decoded(advertisement, address_v6()));
    CHECK(decoded(solicitation, make_address_v6("2001:db8::1")));
}

TEST_CASE("router messages: another type or code is dropped") {
    for (const auto& each : {advertisement, solicitation}) {
        CHECK_FALSE(decoded(changed(each, 0, 135)));
        CHECK_FALSE(decoded(changed(each, 1, 1)));
    }
}

TEST_CASE("router messages: options have a length, and are whole, RFC 4861 §6.1") {
    const auto unknown = hex("ff 02 0000 00000000 00000000 00000000");
    for (const auto& each : {advertisement, solicitation}) {
        CHECK(decoded(join({each, unknown})) == decoded(each));
        CHECK_FALSE(decoded(join({each, hex("ff 00 0000 00000000")})));
        CHECK_FALSE(decoded(join({each, hex("ff 02 0000 00000000")})));
        CHECK_FALSE(decoded(join({each, hex("ff")})));
    }
}

TEST_CASE("router messages: who has no address yet has no link-layer address, RFC 4861 §6.1.1") {
    CHECK_FALSE(decoded(solicitation, address_v6()));
    CHECK(decoded(encode(router_message::solicitation), address_v6()));
}

TEST_CASE("router messages: only without its options is one that is cut still one") {
    for (const auto& [whole, least] : {std::pair(advertisement, 16U), std::pair(solicitation, 8U)})
        test::for_each_cut(whole, [shortest = least](auto cut) {
            CHECK(decode({router, 255, cut}).has_value() == (cut.size() == shortest));
        });
}
