#include "tests/wire/update_support.hpp"

using namespace herald::wire;
using namespace herald::wire::test;
using herald::net::community;
using herald::net::extended_community;
using herald::test::body_of;
using herald::test::for_each_cut;

namespace {

/// An UPDATE as a value and as octets.
struct fixture {
    update_message value;
    update_format format;
    bytes octets;
};

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
