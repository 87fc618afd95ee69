#include "tests/wire/update_support.hpp"

#include <string>

using namespace herald::wire;
using namespace herald::wire::test;
using herald::net::address_family;

namespace {

using findings = std::vector<malformation>;

} // namespace

TEST_CASE("check_update: MP_REACH_NLRI needs no NEXT_HOP beside it, RFC 4760 §3") {
    const auto body = update_body({}, join({good_mp_reach, good_origin, good_path}), {});
    CHECK(check_update(body, external)->malformations.empty());
    const auto bare = update_body({}, good_mp_reach, {});
    CHECK(check_update(bare, external)->malformations ==
          findings{finding(1, withdraw, 3, {1}), finding(2, withdraw, 3, {2})});
}

TEST_CASE("check_update: a repeated MP attribute resets with 3/1, RFC 7606 §3 g") {
    const auto others = join({good_origin, good_path});
    CHECK(check_update(update_body({}, join({good_mp_reach, others, good_mp_reach}), {}), external)
              .error() == update_fault(1));
    CHECK(check_update(update_body({}, join({good_mp_unreach, good_mp_unreach}), {}), external)
              .error() == update_fault(1));
    CHECK(
        check_update(update_body({}, join({good_mp_unreach, good_mp_reach, others}), {}), external)
            ->malformations.empty());
}

TEST_CASE("check_update: MP_REACH_NLRI that cannot be read resets with 3/9, RFC 7606 §5.3, §7.11") {
    const std::string hop = "20010db8000000000000000000000001";
    const std::vector<std::string> values{
        "",
        "0002",
        "000201",
        "00020100",                                    // shorter than 5
        "000201 00 00",                                // no next hop
        "000201 04 c0000201 00",                       // that of another family
        "000201 0f 20010db80000000000000000000000 00", // an octet short
        "000201 18 " + hop + "0000000000000000 00",    // RFC 4659's length, not unicast's
        "000201 20 " + hop + " 00",                    // overruns
        "000201 10 " + hop,                            // the reserved octet is missing
        "000201 10 " + hop + " 00 81 " + hop + "00",   // a prefix length over 128
        "000201 10 " + hop + " 00 30 20010db800",      // a prefix overruns
        "000101 08 20010db800000000 00 18 c00002",     // no length of either family
        "000101 04 c0000201 00 21 c000020100"};        // a prefix length over 32
    for (const auto& value : values) {
        CAPTURE(value);
        const auto content = hex(value);
        const auto attribute =
            join({hex("80 0e"), {static_cast<std::uint8_t>(content.size())}, content});
        const auto body = update_body({}, join({attribute, mandatory}), good_nlri);
        CHECK(check_update(body, external).error() == update_fault(9, attribute));
    }
}

TEST_CASE("check_update: next hops of every length that is allowed, RFC 2545 §3, RFC 8950 §3") {
    const update_format extended{.extended_next_hop = true};
    const auto hop = hex("20010db8000000000000000000000001");
    const auto local = hex("fe800000000000000000000000000001");
    const auto accepted = [](const bytes& value, const update_format& format) {
        const auto attribute =
            join({hex("80 0e"), {static_cast<std::uint8_t>(value.size())}, value});
        return check_update(update_body({}, join({attribute, good_origin, good_path}), {}), format)
            .has_value();
    };
    CHECK(accepted(join({hex("000201 10"), hop, hex("00 30 20010db80053")}), external));
    CHECK(accepted(join({hex("000201 20"), hop, local, hex("00 30 20010db80053")}), external));
    CHECK(accepted(hex("000101 04 c0000201 00 18 c00002"), external));
    CHECK(accepted(hex("000101 04 c0000201 00 18 c00002"), extended));
    CHECK(accepted(join({hex("000101 10"), hop, hex("00 18 c00002")}), extended));
    CHECK(accepted(join({hex("000101 20"), hop, local, hex("00 18 c00002")}), extended));
    // Of a family that herald does not speak neither next hop nor prefixes are judged.
    CHECK(accepted(hex("000180 0c 000000000000000000000000 00 ff"), external));
    CHECK(accepted(hex("001946 00 00 0102"), external));
}

TEST_CASE("check_update: IPv4 prefixes with an IPv6 next hop that was not negotiated are "
          "withdrawn, and the session goes on, RFC 8950 §4") {
    const auto attribute = hex(R"(
        80 0e 19    # MP_REACH_NLRI, as GoBGP 3.10 sends it
        0001 01     # IPv4 unicast
        10 20010db8000000000000000000000001
        00
        18 c00002)");
    const auto body = update_body({}, join({attribute, good_origin, good_path}), {});
    const auto checked = check_update(body, external);
    REQUIRE(checked);
    CHECK(checked->malformations == findings{finding(14, withdraw, 9, attribute)});
    CHECK(decode_update(*checked, external) == update_message{{prefix("192.0.2.0/24")}, {}, {}});
    CHECK(check_update(body, {.extended_next_hop = true})->malformations.empty());
}

TEST_CASE("check_update: an IPv4 next hop in MP_REACH_NLRI that is no host's withdraws, as in "
          "NEXT_HOP, RFC 4271 §6.3") {
    for (const auto* hop : {"00000029", "00000000", "e0000001", "ffffffff"}) {
        CAPTURE(hop);
        const auto attribute = join({hex("80 0e 0d 0001 01 04"), hex(hop), hex("00 18 c00002")});
        const auto body = update_body({}, join({attribute, good_origin, good_path}), {});
        const auto checked = check_update(body, external);
        REQUIRE(checked);
        CHECK(checked->malformations == findings{finding(14, withdraw, 8, attribute)});
        CHECK(decode_update(*checked, external) ==
              update_message{{prefix("192.0.2.0/24")}, {}, {}});
    }
}

TEST_CASE("check_update: many prefixes behind a next hop that is no host's are all withdrawn") {
    const auto attribute = hex(R"(
        80 0e 19    # MP_REACH_NLRI, as a fuzzer made it
        0001 01     # IPv4 unicast
        04 00000029 # next hop 0.0.0.41
        80          # reserved, whatever it holds
        0e 1900     # 25.0.0.0/14
        00 00 00
        00 00 00 00 # 0.0.0.0/0, seven times
        02 00       # 0.0.0.0/2
        18 c00002)");
    const auto body = update_body({}, join({attribute, good_origin, good_path}), {});
    const auto checked = check_update(body, {.extended_next_hop = true});
    REQUIRE(checked);
    CHECK(checked->malformations == findings{finding(14, withdraw, 8, attribute)});
    std::vector<herald::net::ip_prefix> withdrawn(10, prefix("0.0.0.0/0"));
    withdrawn[0] = prefix("25.0.0.0/14");
    withdrawn[8] = prefix("0.0.0.0/2");
    withdrawn[9] = prefix("192.0.2.0/24");
    CHECK(decode_update(*checked, {}) == update_message{withdrawn, {}, {}});
}

TEST_CASE("check_update: MP_UNREACH_NLRI that cannot be read resets with 3/9, RFC 7606 §5.3") {
    for (const auto* text : {"80 0f 00", "80 0f 01 00", "80 0f 02 0002", "80 0f 04 000201 81",
                             "80 0f 05 000201 30 20", "80 0f 09 000101 21 c000020100"}) {
        const auto attribute = hex(text);
        CHECK(check_update(update_body({}, attribute, {}), external).error() ==
              update_fault(9, attribute));
    }
    CHECK(check_update(update_body({}, hex("80 0f 04 001946 ff"), {}), external));
}

TEST_CASE("check_update: wrong flags of an MP attribute reset with 3/4, RFC 7606 §5.3") {
    for (auto attribute : {good_mp_reach, good_mp_unreach})
        for (const auto flag : {attribute_flag::optional, attribute_flag::transitive}) {
            auto bad = attribute;
            bad[0] ^= flag;
            CHECK(check_update(update_body({}, join({bad, mandatory}), good_nlri), external)
                      .error() == update_fault(4, bad));
        }
}

TEST_CASE("check_update: to withdraw where nothing is reachable resets, RFC 7606 §5.2") {
    const auto bad = hex("40 01 01 07");
    const auto expected = update_fault(6, bad);
    CHECK(check_update(update_body({}, bad, {}), external).error() == expected);
    CHECK(check_update(update_body(good_nlri, bad, {}), external).error() == expected);
    CHECK(check_update(update_body({}, join({good_mp_unreach, bad}), {}), external).error() ==
          expected);
    const auto empty_reach = hex("80 0e 15 0002 01 10 20010db8000000000000000000000001 00");
    CHECK(check_update(update_body({}, join({empty_reach, bad}), {}), external).error() ==
          expected);
    CHECK(check_update(update_body({}, hex("c0"), {}), external).error() == update_fault(1));
    // The first that withdraws is the one that is told of.
    CHECK(check_update(update_body({}, join({hex("40 06 01 00"), bad, hex("c0 08 00")}), {}),
                       external)
              .error() == expected);
    // To discard an attribute is no reason to reset.
    CHECK(check_update(update_body(good_nlri, hex("40 06 01 00"), {}), external)->outcome ==
          discard);
}

TEST_CASE("end_of_rib: the marker of each family, and nothing else, RFC 4724 §2") {
    const auto marker_of = [](const bytes& body) {
        return check_update(body, external)->end_of_rib();
    };
    CHECK(marker_of(hex("0000 0000")) == address_family::ipv4);
    CHECK(marker_of(update_body({}, hex("80 0f 03 000201"), {})) == address_family::ipv6);
    CHECK(marker_of(update_body({}, hex("90 0f 0003 000201"), {})) == address_family::ipv6);
    CHECK(marker_of(update_body({}, hex("80 0f 03 000101"), {})) == address_family::ipv4);
    CHECK(marker_of(update_body({}, hex("80 0f 03 001946"), {})) == std::nullopt);
    CHECK(marker_of(update_body(good_nlri, {}, {})) == std::nullopt);
    CHECK(marker_of(update_body({}, good_mp_unreach, {})) == std::nullopt);
    CHECK(marker_of(update_body({}, mandatory, good_nlri)) == std::nullopt);
    CHECK(marker_of(update_body({}, hex("80 04 04 00000000"), {})) == std::nullopt);
    CHECK(marker_of(update_body({}, join({hex("80 0f 03 000201"), good_origin}), {})) ==
          std::nullopt);
}
