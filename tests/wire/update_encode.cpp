#include "tests/wire/update_support.hpp"

#include <algorithm>

using namespace herald::wire;
using namespace herald::wire::test;
using herald::net::address_family;
using herald::net::community;
using herald::net::ip_prefix;
using herald::test::body_of;

namespace {

std::vector<ip_prefix> consecutive_ipv4(std::size_t count) {
    std::vector<ip_prefix> result;
    for (std::size_t i = 0; i < count; ++i)
        result.emplace_back(
            address_family::ipv4,
            bytes{10, static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)}, 24);
    return result;
}

std::vector<ip_prefix> consecutive_ipv6(std::size_t count) {
    std::vector<ip_prefix> result;
    for (std::size_t i = 0; i < count; ++i)
        result.emplace_back(address_family::ipv6,
                            bytes{0x20, 1, 0x0d, 0xb8, static_cast<std::uint8_t>(i >> 8U),
                                  static_cast<std::uint8_t>(i)},
                            48);
    return result;
}

} // namespace

TEST_CASE("encode_announcement: the Extended Length bit is set from 256 octets on, RFC 4271 §4.3") {
    auto attributes = plain_attributes();
    const std::vector prefixes{prefix("192.0.2.0/24")};
    attributes.communities.assign(63, community{1}); // 252 octets
    auto encoded = encode_announcement(attributes, prefixes, external);
    CHECK(bytes(encoded.bytes.begin() + 43, encoded.bytes.begin() + 46) == hex("c0 08 fc"));
    attributes.communities.assign(64, community{1}); // 256 octets
    encoded = encode_announcement(attributes, prefixes, external);
    CHECK(bytes(encoded.bytes.begin() + 43, encoded.bytes.begin() + 47) == hex("d0 08 0100"));
    CHECK(decoded(encoded.bytes, external).attributes == attributes);
}

TEST_CASE("encode_announcement: a long AS_PATH is split at 255 numbers, RFC 4271 §4.3") {
    auto attributes = plain_attributes();
    attributes.path = as_path{{as_segment::kind::sequence, std::vector(300, 65010U)}};
    const std::vector prefixes{prefix("192.0.2.0/24")};
    const auto encoded = encode_announcement(attributes, prefixes, external);
    const as_path split{{as_segment::kind::sequence, std::vector(255, 65010U)},
                        {as_segment::kind::sequence, std::vector(45, 65010U)}};
    CHECK(decoded(encoded.bytes, external).attributes.path == split);
}

TEST_CASE("encode_announcement: to a two-octet peer AS4_PATH goes only where it is needed, RFC "
          "6793 §4.2.2") {
    auto attributes = plain_attributes();
    attributes.aggregator = aggregator{65010, 1};
    const std::vector prefixes{prefix("192.0.2.0/24")};
    const auto encoded = encode_announcement(attributes, prefixes, two_octet);
    CHECK(encoded.bytes == hex(R"(
        ffffffffffffffffffffffffffffffff
        0036                    # length 54
        02                      # UPDATE
        0000                    # nothing withdrawn
        001b                    # 27 octets of attributes
        40 01 01 00             # ORIGIN
        40 02 04 02 01 fdf2     # AS_PATH
        40 03 04 c6336402       # NEXT_HOP
        c0 07 06 fdf2 00000001  # AGGREGATOR
        18 c00002               # 192.0.2.0/24
        )"));
}

TEST_CASE("encode_announcement: as many prefixes as fit, to the last octet, RFC 4271 §4.1") {
    const auto prefixes = consecutive_ipv4(2000);
    const auto encoded = encode_announcement(plain_attributes(), prefixes, external);
    CHECK(encoded.count == (4096 - 23 - 20) / 4);
    CHECK(encoded.bytes.size() == 23 + 20 + 4 * encoded.count);
    const auto first = std::span(prefixes).first(encoded.count);
    CHECK(std::ranges::equal(decoded(encoded.bytes, external).announced, first));

    // A limit met exactly, and one octet less.
    for (const std::size_t size : {67U, 66U}) {
        const auto limited = encode_announcement(plain_attributes(), prefixes, {.max_size = size});
        CHECK(limited.count == (size == 67 ? 6 : 5));
    }
    const auto extended = encode_announcement(plain_attributes(), prefixes, {.max_size = 65535});
    CHECK(extended.count == 2000); // RFC 8654
}

TEST_CASE("encode_announcement: MP_REACH_NLRI is filled to the last octet, RFC 4760 §3") {
    const auto prefixes = consecutive_ipv6(2000);
    auto attributes = plain_attributes();
    attributes.next_hop = next_hop{address("2001:db8::2"), {}};
    constexpr std::size_t others = 23 + 4 + 9, fixed = 21;
    const auto encoded = encode_announcement(attributes, prefixes, external);
    CHECK(encoded.count == (4096 - others - 4 - fixed) / 7);
    CHECK(encoded.bytes.size() == others + 4 + fixed + 7 * encoded.count);
    CHECK(decoded(encoded.bytes, external).announced.size() == encoded.count);

    // Around the size at which the attribute's header grows: never more than allowed, and never
    // less than was possible.
    for (std::size_t size = others + 3 + fixed; size < 400; ++size) {
        const auto limited = encode_announcement(attributes, prefixes, {.max_size = size});
        CHECK(limited.bytes.size() <= size);
        const auto next_value = fixed + 7 * (limited.count + 1);
        CHECK(others + (next_value > 255 ? 4 : 3) + next_value > size);
    }
}

TEST_CASE("encode_announcement: where not even one prefix fits, there is no message") {
    auto attributes = plain_attributes();
    const std::vector prefixes{prefix("192.0.2.0/24")};
    attributes.communities.assign(1100, community{1});
    CHECK(encode_announcement(attributes, prefixes, external).count == 0);
    CHECK(encode_announcement(attributes, prefixes, external).bytes.empty());
    attributes.communities.clear();
    for (std::size_t size = 0; size < 47; ++size)
        CHECK(encode_announcement(attributes, prefixes, {.max_size = size}).count == 0);
    CHECK(encode_announcement(attributes, prefixes, {.max_size = 47}).count == 1);
    attributes.next_hop = next_hop{address("2001:db8::2"), {}};
    for (std::size_t size = 0; size < 64; ++size)
        CHECK(encode_announcement(attributes, prefixes, {.max_size = size}).count == 0);
    CHECK(encode_announcement(attributes, prefixes, {.max_size = 64}).count == 1);
}

TEST_CASE("encode_withdrawal: IPv4 goes into the withdrawn routes, RFC 4271 §4.3") {
    const std::vector prefixes{prefix("192.0.2.0/24"), prefix("10.0.0.0/8")};
    const auto encoded = encode_withdrawal(prefixes, external);
    CHECK(encoded.bytes == hex(R"(
        ffffffffffffffffffffffffffffffff
        001d       # length 29
        02         # UPDATE
        0006       # 6 octets of withdrawn routes
        18 c00002  # 192.0.2.0/24
        08 0a      # 10.0.0.0/8
        0000       # no attributes
        )"));
    CHECK(encoded.count == 2);
    CHECK(decoded(encoded.bytes, external) == update_message{prefixes, {}, {}});
    const auto filled = encode_withdrawal(consecutive_ipv4(2000), external);
    CHECK(filled.count == (4096 - 23) / 4);
    CHECK(filled.bytes.size() == 23 + 4 * filled.count);
}

TEST_CASE("encode_withdrawal: IPv6 goes into MP_UNREACH_NLRI, RFC 4760 §4") {
    const std::vector prefixes{prefix("2001:db8:53::/48"), prefix("::/0")};
    const auto encoded = encode_withdrawal(prefixes, external);
    CHECK(encoded.bytes == hex(R"(
        ffffffffffffffffffffffffffffffff
        0025               # length 37
        02                 # UPDATE
        0000               # nothing in the withdrawn routes
        000e               # 14 octets of attributes
        80 0f 0b           # MP_UNREACH_NLRI
          0002 01          # IPv6 unicast
          30 20010db80053  # 2001:db8:53::/48
          00               # ::/0
        )"));
    CHECK(encoded.count == 2);
    CHECK(decoded(encoded.bytes, external) == update_message{prefixes, {}, {}});
    const auto filled = encode_withdrawal(consecutive_ipv6(2000), external);
    CHECK(filled.count == (4096 - 23 - 4 - 3) / 7);
    CHECK(filled.bytes.size() == 23 + 4 + 3 + 7 * filled.count);
}

TEST_CASE("encode_end_of_rib: the marker of each family, RFC 4724 §2") {
    const auto ipv4 = encode_end_of_rib(address_family::ipv4);
    const auto ipv6 = encode_end_of_rib(address_family::ipv6);
    CHECK(ipv4 == hex("ffffffffffffffffffffffffffffffff 0017 02 0000 0000"));
    CHECK(ipv6 == hex("ffffffffffffffffffffffffffffffff 001d 02 0000 0006 80 0f 03 0002 01"));
    CHECK(check_update(body_of(ipv4), external)->end_of_rib() == address_family::ipv4);
    CHECK(check_update(body_of(ipv6), external)->end_of_rib() == address_family::ipv6);
}
