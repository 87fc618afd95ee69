#include "tests/wire/update_support.hpp"

using namespace herald::wire;
using namespace herald::wire::test;
using herald::net::address_family;
using herald::net::community;
using herald::net::extended_community;
using herald::net::ip_prefix;
using herald::net::large_community;
using herald::test::body_of;
using herald::test::for_each_cut;

namespace {

update_message decoded(const bytes& whole, const update_format& format) {
    const auto checked = check_update(body_of(whole), format);
    REQUIRE(checked);
    CHECK(checked->malformations.empty());
    return decode_update(*checked, format);
}

update_message decoded_body(const bytes& body, const update_format& format) {
    const auto checked = check_update(body, format);
    REQUIRE(checked);
    return decode_update(*checked, format);
}

/// An UPDATE as a value and as octets.
struct fixture {
    update_message value;
    update_format format;
    bytes octets;
};

path_attributes plain_attributes() {
    path_attributes attributes;
    attributes.origin = origin::igp;
    attributes.path = as_path{{as_segment::kind::sequence, {65010}}};
    attributes.next_hop = next_hop{address("198.51.100.2"), {}};
    return attributes;
}

fixture plain_ipv4() {
    return {{{}, {prefix("192.0.2.0/24"), prefix("203.0.113.128/25")}, plain_attributes()},
            external,
            hex(R"(
    ffffffffffffffffffffffffffffffff
    0034                     # length 52
    02                       # UPDATE
    0000                     # nothing withdrawn
    0014                     # 20 octets of attributes
    40 01 01 00              # ORIGIN: IGP
    40 02 06 02 01 0000fdf2  # AS_PATH: 65010
    40 03 04 c6336402        # NEXT_HOP: 198.51.100.2
    18 c00002                # 192.0.2.0/24
    19 cb007180              # 203.0.113.128/25
    )")};
}

fixture everything_ipv4() {
    auto attributes = plain_attributes();
    attributes.origin = origin::incomplete;
    attributes.path =
        as_path{{as_segment::kind::sequence, {65010, 4200000000}}, {as_segment::kind::set, {1, 2}}};
    attributes.med = 50;
    attributes.local_pref = 100;
    attributes.atomic_aggregate = true;
    attributes.aggregator = aggregator{4200000000, 0xC0000201};
    attributes.communities = {community{0xFBF40064}, community::no_export};
    attributes.originator_id = 0xC0000202;
    attributes.cluster_list = {1, 2};
    attributes.extended_communities = {extended_community{0x0002FDF200000064}};
    attributes.large_communities = {{65010, 1, 2}, {65010, 1, 3}};
    attributes.only_to_customer = 65010;
    attributes.unknown = {{0xC0, 20, {1, 2}}, {0xE0, 99, {}}};
    return {{{}, {prefix("192.0.2.0/24")}, attributes}, internal, hex(R"(
    ffffffffffffffffffffffffffffffff
    00ab                              # length 171
    02                                # UPDATE
    0000                              # nothing withdrawn
    0090                              # 144 octets of attributes
    40 01 01 02                       # ORIGIN: INCOMPLETE
    40 02 14 02 02 0000fdf2 fa56ea00  # AS_PATH: 65010 4200000000
             01 02 00000001 00000002  #          {1, 2}
    40 03 04 c6336402                 # NEXT_HOP
    80 04 04 00000032                 # MULTI_EXIT_DISC
    40 05 04 00000064                 # LOCAL_PREF
    40 06 00                          # ATOMIC_AGGREGATE
    c0 07 08 fa56ea00 c0000201        # AGGREGATOR
    c0 08 08 fbf40064 ffffff01        # COMMUNITIES
    80 09 04 c0000202                 # ORIGINATOR_ID
    80 0a 08 00000001 00000002        # CLUSTER_LIST
    c0 10 08 0002fdf200000064         # EXTENDED_COMMUNITIES
    c0 14 02 0102                     # not known
    c0 20 18 0000fdf2 00000001 00000002
             0000fdf2 00000001 00000003
    c0 23 04 0000fdf2                 # OTC
    e0 63 00                          # not known, partial
    18 c00002                         # 192.0.2.0/24
    )")};
}

fixture plain_ipv6() {
    auto attributes = plain_attributes();
    attributes.next_hop = next_hop{address("2001:db8::2"), {}};
    return {{{}, {prefix("2001:db8:53::/48"), prefix("::/0")}, attributes}, external, hex(R"(
    ffffffffffffffffffffffffffffffff
    0044                     # length 68
    02                       # UPDATE
    0000                     # nothing withdrawn
    002d                     # 45 octets of attributes
    80 0e 1d                 # MP_REACH_NLRI
      0002 01                # IPv6 unicast
      10 20010db8000000000000000000000002  # next hop
      00                     # reserved
      30 20010db80053        # 2001:db8:53::/48
      00                     # ::/0
    40 01 01 00              # ORIGIN: IGP
    40 02 06 02 01 0000fdf2  # AS_PATH: 65010
    )")};
}

fixture ipv6_with_link_local() {
    auto attributes = plain_attributes();
    attributes.next_hop =
        next_hop{address("2001:db8::2"), boost::asio::ip::make_address_v6("fe80::2")};
    return {{{}, {prefix("2001:db8:53::/48")}, attributes}, external, hex(R"(
    ffffffffffffffffffffffffffffffff
    0053                     # length 83
    02                       # UPDATE
    0000                     # nothing withdrawn
    003c                     # 60 octets of attributes
    80 0e 2c                 # MP_REACH_NLRI
      0002 01                # IPv6 unicast
      20 20010db8000000000000000000000002  # next hop, RFC 2545 §3
         fe800000000000000000000000000002
      00                     # reserved
      30 20010db80053        # 2001:db8:53::/48
    40 01 01 00              # ORIGIN: IGP
    40 02 06 02 01 0000fdf2  # AS_PATH: 65010
    )")};
}

fixture ipv4_over_ipv6() {
    auto attributes = plain_attributes();
    attributes.next_hop = next_hop{address("2001:db8::2"), {}};
    return {{{}, {prefix("192.0.2.0/24")}, attributes}, {.extended_next_hop = true}, hex(R"(
    ffffffffffffffffffffffffffffffff
    0040                     # length 64
    02                       # UPDATE
    0000                     # nothing withdrawn
    0029                     # 41 octets of attributes
    80 0e 19                 # MP_REACH_NLRI
      0001 01                # IPv4 unicast, RFC 8950 §3
      10 20010db8000000000000000000000002  # next hop
      00                     # reserved
      18 c00002              # 192.0.2.0/24
    40 01 01 00              # ORIGIN: IGP
    40 02 06 02 01 0000fdf2  # AS_PATH: 65010
    )")};
}

fixture two_octet_peer() {
    auto attributes = plain_attributes();
    attributes.path = as_path{{as_segment::kind::sequence, {4200000000, 65010}}};
    attributes.aggregator = aggregator{4200000000, 0xC0000201};
    attributes.communities = {community{0xFBF40064}};
    return {{{}, {prefix("192.0.2.0/24")}, attributes}, two_octet, hex(R"(
    ffffffffffffffffffffffffffffffff
    0057                              # length 87
    02                                # UPDATE
    0000                              # nothing withdrawn
    003c                              # 60 octets of attributes
    40 01 01 00                       # ORIGIN: IGP
    40 02 06 02 02 5ba0 fdf2          # AS_PATH: AS_TRANS 65010
    40 03 04 c6336402                 # NEXT_HOP
    c0 07 06 5ba0 c0000201            # AGGREGATOR: AS_TRANS
    c0 08 04 fbf40064                 # COMMUNITIES
    c0 11 0a 02 02 fa56ea00 0000fdf2  # AS4_PATH, RFC 6793 §4.2.2
    c0 12 08 fa56ea00 c0000201        # AS4_AGGREGATOR
    18 c00002                         # 192.0.2.0/24
    )")};
}

fixture internal_ipv4() {
    auto attributes = plain_attributes();
    attributes.path = as_path{};
    attributes.local_pref = 0;
    return {{{}, {prefix("0.0.0.0/0")}, attributes}, internal, hex(R"(
    ffffffffffffffffffffffffffffffff
    002d                     # length 45
    02                       # UPDATE
    0000                     # nothing withdrawn
    0015                     # 21 octets of attributes
    40 01 01 00              # ORIGIN: IGP
    40 02 00                 # AS_PATH: empty
    40 03 04 c6336402        # NEXT_HOP
    40 05 04 00000000        # LOCAL_PREF: 0
    00                       # 0.0.0.0/0
    )")};
}

const std::vector<fixture>& announcements() {
    static const std::vector all{plain_ipv4(),           everything_ipv4(), plain_ipv6(),
                                 ipv6_with_link_local(), ipv4_over_ipv6(),  two_octet_peer(),
                                 internal_ipv4()};
    return all;
}

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

TEST_CASE("encode_announcement: each fixture becomes its octets, RFC 4271 §4.3, RFC 4760 §3") {
    for (const auto& each : announcements()) {
        const auto encoded =
            encode_announcement(each.value.attributes, each.value.announced, each.format);
        CHECK(encoded.bytes == each.octets);
        CHECK(encoded.count == each.value.announced.size());
    }
}

TEST_CASE("decode_update: the octets of each fixture become its value") {
    for (const auto& each : announcements())
        CHECK(decoded(each.octets, each.format) == each.value);
}

TEST_CASE("check_update, decode_update: each fixture cut at every length is an error or is less") {
    for (const auto& each : announcements())
        for_each_cut(body_of(each.octets), [&](std::span<const std::uint8_t> cut) {
            const auto checked = check_update(cut, each.format);
            if (checked)
                CHECK(decode_update(*checked, each.format).announced.size() <
                      each.value.announced.size());
            else
                CHECK(checked.error().code == error_code::update_message);
        });
}

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
    for (const std::size_t size : {67, 66}) {
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
    const auto full = encode_withdrawal(consecutive_ipv4(2000), external);
    CHECK(full.count == (4096 - 23) / 4);
    CHECK(full.bytes.size() == 23 + 4 * full.count);
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
    const auto full = encode_withdrawal(consecutive_ipv6(2000), external);
    CHECK(full.count == (4096 - 23 - 4 - 3) / 7);
    CHECK(full.bytes.size() == 23 + 4 + 3 + 7 * full.count);
}

TEST_CASE("encode_end_of_rib: the marker of each family, RFC 4724 §2") {
    const auto ipv4 = encode_end_of_rib(address_family::ipv4);
    const auto ipv6 = encode_end_of_rib(address_family::ipv6);
    CHECK(ipv4 == hex("ffffffffffffffffffffffffffffffff 0017 02 0000 0000"));
    CHECK(ipv6 == hex("ffffffffffffffffffffffffffffffff 001d 02 0000 0006 80 0f 03 0002 01"));
    CHECK(check_update(body_of(ipv4), external)->end_of_rib() == address_family::ipv4);
    CHECK(check_update(body_of(ipv6), external)->end_of_rib() == address_family::ipv6);
}

TEST_CASE(
    "decode_update: what a malformed attribute withdraws stands under withdrawn, RFC 7606 §2") {
    const auto body =
        update_body(hex("08 0a"), join({good_mp_reach, good_path, good_next_hop}), good_nlri);
    const update_message expected{
        {prefix("10.0.0.0/8"), prefix("192.0.2.0/24"), prefix("2001:db8:53::/48")}, {}, {}};
    CHECK(decoded_body(body, external) == expected);
}

TEST_CASE("decode_update: discarded and repeated attributes are absent, RFC 7606 §2, §3 g") {
    const auto first = hex("80 04 04 00000001");
    const auto body = update_body(
        {}, join({mandatory, first, hex("40 06 01 00"), hex("80 04 04 00000002"), good_local_pref}),
        good_nlri);
    const auto attributes = decoded_body(body, external).attributes;
    CHECK(attributes.med == 1);
    CHECK_FALSE(attributes.atomic_aggregate);
    CHECK(attributes.local_pref == std::nullopt);
}

TEST_CASE("decode_update: NEXT_HOP is ignored where only MP_REACH_NLRI announces, RFC 4760 §3") {
    const auto both = update_body({}, join({good_mp_reach, mandatory}), {});
    CHECK(decoded_body(both, external).attributes.next_hop == next_hop{address("2001:db8::1"), {}});
    const auto with_nlri = update_body({}, join({good_mp_reach, mandatory}), good_nlri);
    CHECK(decoded_body(with_nlri, external).attributes.next_hop ==
          next_hop{address("198.51.100.1"), {}});
    const auto nothing = update_body(good_nlri, mandatory, {});
    CHECK(decoded_body(nothing, external).attributes.next_hop == std::nullopt);
}

TEST_CASE("decode_update: families that herald does not speak are left out, RFC 4760 §6") {
    const auto multicast = hex("80 0e 0d 0001 02 04 c0000201 00 18 c00002");
    const auto evpn = hex("80 0f 05 0019 46 ffff");
    const auto body = update_body({}, join({multicast, evpn, good_origin, good_path}), {});
    const auto message = decoded_body(body, external);
    CHECK(message.announced.empty());
    CHECK(message.withdrawn.empty());
    CHECK(message.attributes.next_hop == std::nullopt);
}

TEST_CASE("decode_update: host bits on the wire are not taken over, RFC 4271 §4.3") {
    const auto body = update_body(hex("09 0aff"), mandatory, hex("11 c0a8ff"));
    CHECK(decoded_body(body, external).withdrawn == std::vector{prefix("10.128.0.0/9")});
    CHECK(decoded_body(body, external).announced == std::vector{prefix("192.168.128.0/17")});
}

TEST_CASE(
    "decode_update: an AGGREGATOR of a two-octet speaker outdates the rest, RFC 6793 §4.2.3") {
    const auto path = hex("40 02 06 02 02 5ba0 0001"), as4_path = hex("c0 11 06 02 01 00011170");
    const auto as4_aggregator = hex("c0 12 08 00011170 c0000201");
    const auto decode = [&](const bytes& aggregator) {
        const auto body = update_body(
            {}, join({good_origin, path, good_next_hop, aggregator, as4_path, as4_aggregator}),
            good_nlri);
        return decoded_body(body, two_octet).attributes;
    };
    const as_path merged{{as_segment::kind::sequence, {23456, 70000}}};
    const as_path plain{{as_segment::kind::sequence, {23456, 1}}};

    const auto still = decode(hex("c0 07 06 5ba0 c0000202"));
    CHECK(still.path == merged);
    CHECK(still.aggregator == aggregator{70000, 0xC0000201});
    const auto since = decode(hex("c0 07 06 0007 c0000202"));
    CHECK(since.path == plain);
    CHECK(since.aggregator == aggregator{7, 0xC0000202});
    const auto without = decode({});
    CHECK(without.path == merged);
    CHECK(without.aggregator == std::nullopt);
}
