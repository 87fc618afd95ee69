#include "tests/wire/update_support.hpp"

using namespace herald::wire;
using namespace herald::wire::test;

namespace {

update_message decoded_body(const bytes& body, const update_format& format) {
    const auto checked = check_update(body, format);
    REQUIRE(checked);
    return decode_update(*checked, format);
}

} // namespace

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
