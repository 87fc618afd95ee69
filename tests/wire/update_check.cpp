#include "tests/wire/update_support.hpp"

#include "herald/wire/attribute_table.hpp"

#include <array>
#include <string>

using namespace herald::wire;
using namespace herald::wire::test;
using herald::test::for_each_cut;
using herald::test::repeat;

namespace {

/// What is found in an announcement of 192.0.2.0/24 with these attributes.
std::vector<malformation> found(const bytes& attributes, const update_format& format = external) {
    const auto body = update_body({}, attributes, good_nlri);
    const auto checked = check_update(body, format);
    REQUIRE(checked);
    auto strongest = disposition::none;
    for (const auto& each : checked->malformations)
        strongest = std::max(strongest, each.outcome);
    CHECK(checked->outcome == strongest);
    return checked->malformations;
}

/// What is found when `attribute` stands beside the mandatory ones.
std::vector<malformation> found_beside(const bytes& attribute,
                                       const update_format& format = external) {
    return found(join({mandatory, format.internal ? good_local_pref : bytes{}, attribute}), format);
}

using findings = std::vector<malformation>;

} // namespace

TEST_CASE("check_update: the parts of an UPDATE are found, RFC 4271 §4.3") {
    const auto withdrawn = hex("08 0a");
    const auto attributes = join({good_mp_reach, mandatory});
    const auto body = update_body(withdrawn, attributes, good_nlri);
    const auto checked = check_update(body, external);
    REQUIRE(checked);
    CHECK(bytes(checked->withdrawn.begin(), checked->withdrawn.end()) == withdrawn);
    CHECK(bytes(checked->attributes.begin(), checked->attributes.end()) == attributes);
    CHECK(bytes(checked->nlri.begin(), checked->nlri.end()) == good_nlri);
    REQUIRE(checked->mp_reach);
    CHECK(checked->mp_reach->afi == 2);
    CHECK(checked->mp_reach->safi == 1);
    CHECK(checked->mp_reach->next_hop.size() == 16);
    CHECK(checked->mp_reach->nlri.size() == 7);
    CHECK_FALSE(checked->mp_unreach);
    CHECK(checked->outcome == disposition::none);
    CHECK(checked->malformations.empty());
}

TEST_CASE("check_update: lengths that contradict that of the message are 3/1, RFC 7606 §3 b") {
    for (const auto& body :
         {hex(""), hex("00"), hex("0000"), hex("0000 00"), hex("0001 0000"), hex("0000 0001"),
          hex("ffff 0000"), hex("0000 ffff 00"), hex("0002 0000 00")})
        CHECK(check_update(body, external).error() == update_fault(1));
    CHECK(check_update(hex("0000 0000"), external));
}

TEST_CASE("check_update: prefixes that cannot be read are 3/10, RFC 7606 §5.3") {
    for (const auto& bad : {hex("21 c000020100"), hex("ff"), hex("18 c000"), hex("18"), hex("08"),
                            hex("18 c00002 01")}) {
        CHECK(check_update(update_body({}, mandatory, bad), external).error() == update_fault(10));
        CHECK(check_update(update_body(bad, {}, {}), external).error() == update_fault(10));
    }
    for (const auto& good : {hex("00"), hex("01 80"), hex("20 c0000201"),
                             hex("18 c00002 18 c00002"), hex("18 c00002 00 08 0a")}) {
        CHECK(check_update(update_body({}, mandatory, good), external)->malformations.empty());
        CHECK(check_update(update_body(good, {}, {}), external)->malformations.empty());
    }
}

TEST_CASE("check_update: a missing mandatory attribute withdraws, RFC 7606 §3 d") {
    CHECK(found(join({good_path, good_next_hop})) == findings{finding(1, withdraw, 3, {1})});
    CHECK(found(join({good_origin, good_next_hop})) == findings{finding(2, withdraw, 3, {2})});
    CHECK(found(join({good_origin, good_path})) == findings{finding(3, withdraw, 3, {3})});
    CHECK(found({}) == findings{finding(1, withdraw, 3, {1}), finding(2, withdraw, 3, {2}),
                                finding(3, withdraw, 3, {3})});
    CHECK(found(mandatory).empty());
    // RFC 4271 §5.1.5: LOCAL_PREF is mandatory on iBGP.
    CHECK(found(mandatory, internal) == findings{finding(5, withdraw, 3, {5})});
    CHECK(found(join({mandatory, good_local_pref}), internal).empty());
}

TEST_CASE("check_update: without anything reachable nothing is mandatory, RFC 4271 §4.3") {
    CHECK(check_update(update_body(good_nlri, {}, {}), external)->malformations.empty());
    CHECK(check_update(update_body({}, good_mp_unreach, {}), internal)->malformations.empty());
    CHECK(check_update(update_body(good_nlri, good_origin, {}), external)->malformations.empty());
}

TEST_CASE("check_update: a malformed value is handled as its row says, RFC 7606 §7") {
    struct row {
        const char* attribute;
        disposition outcome;
        std::uint8_t subcode;
        bool with_data = true;
    };
    const row rows[] = {
        {"40 01 00", withdraw, 5},                           // ORIGIN, §7.1
        {"40 01 02 0000", withdraw, 5},                      //
        {"40 01 01 03", withdraw, 6},                        //
        {"40 01 01 ff", withdraw, 6},                        //
        {"40 02 01 02", withdraw, 11, false},                // AS_PATH, §7.2: one octet is left
        {"40 02 02 0200", withdraw, 11, false},              // an empty segment
        {"40 02 06 05 01 0000fbf4", withdraw, 11, false},    // an unknown type
        {"40 02 06 00 01 0000fbf4", withdraw, 11, false},    //
        {"40 02 06 02 02 0000fbf4", withdraw, 11, false},    // a segment overruns
        {"40 02 07 02 01 0000fbf4 02", withdraw, 11, false}, //
        {"40 02 06 02 01 00000000", withdraw, 11, false},    // AS 0, RFC 7607 §2
        {"40 02 06 03 01 0000fbf4", withdraw, 11, false},    // a confederation, RFC 5065 §5
        {"40 02 06 04 01 0000fbf4", withdraw, 11, false},    //
        {"40 03 03 c63364", withdraw, 5},                    // NEXT_HOP, §7.3
        {"40 03 10 20010db8000000000000000000000001", withdraw, 5}, //
        {"40 03 04 00000000", withdraw, 8},                         // not a host, RFC 4271 §6.3
        {"40 03 04 e0000001", withdraw, 8},                         //
        {"40 03 04 ffffffff", withdraw, 8},                         //
        {"80 04 03 000000", withdraw, 5},                           // MULTI_EXIT_DISC, §7.4
        {"80 04 00", withdraw, 5},                                  //
        {"80 04 05 0000000000", withdraw, 5},                       //
        {"40 06 01 00", discard, 5},                                // ATOMIC_AGGREGATE, §7.6
        {"c0 07 06 fbf4c0000201", discard, 5},      // AGGREGATOR, §7.7: two-octet AS
        {"c0 07 07 0000fbf4c00002", discard, 5},    //
        {"c0 07 00", discard, 5},                   //
        {"c0 07 08 00000000c0000201", discard, 9},  // AS 0, RFC 7607 §2
        {"c0 08 00", withdraw, 5},                  // COMMUNITIES, §7.8
        {"c0 08 05 fbf4006400", withdraw, 5},       //
        {"c0 10 00", withdraw, 5},                  // EXTENDED_COMMUNITIES, §7.14
        {"c0 10 04 00020000", withdraw, 5},         //
        {"c0 20 00", withdraw, 5},                  // LARGE_COMMUNITY, RFC 8092 §6
        {"c0 20 08 0000fdf200000001", withdraw, 5}, //
        {"c0 23 03 00fbf4", withdraw, 5},           // OTC, RFC 9234 §5
        {"c0 23 00", withdraw, 5},                  //
        {"40 63 01 00", withdraw, 2},               // well-known and not known
    };
    for (const auto& [text, outcome, subcode, with_data] : rows) {
        CAPTURE(text);
        const auto attribute = hex(text);
        auto others = join({attribute[1] == 1 ? bytes{} : good_origin,
                            attribute[1] == 2 ? bytes{} : good_path,
                            attribute[1] == 3 ? bytes{} : good_next_hop});
        CHECK(found(join({others, attribute})) ==
              findings{finding(attribute[1], outcome, subcode, with_data ? attribute : bytes{})});
    }
}

TEST_CASE("check_update: values at the borders of what is allowed are fine") {
    for (const auto* text :
         {"80 04 04 ffffffff", "40 06 00", "c0 07 08 0000fbf4c0000201", "c0 08 04 fbf40064",
          "c0 08 08 fbf40064fbf40065", "c0 10 08 0002fbf400000064",
          "c0 20 0c 0000fdf20000000100000002", "c0 23 04 0000fbf4", "80 63 00", "c0 63 02 0102",
          "d0 08 0004 fbf40064"})
        CHECK(found_beside(hex(text)).empty());
    for (const auto* path : {"40 02 00", "40 02 06 01 01 0000fbf4", "50 02 0006 02 01 0000fbf4",
                             "40 02 0c 02 01 0000fbf4 01 01 0000fbf5"})
        CHECK(found(join({good_origin, hex(path), good_next_hop})).empty());
    CHECK(found(join({good_origin, good_path, hex("40 03 04 7f000001")})).empty());
    // Within an AS that is a confederation, its segments are no error, RFC 5065 §4.
    const auto confederation = hex("40 02 0c 03 01 0000fbf4 04 01 0000fbf4");
    CHECK(found(join({good_origin, confederation, good_next_hop, good_local_pref}), internal)
              .empty());
}

TEST_CASE(
    "check_update: Optional or Transitive in conflict with the type withdraws, RFC 7606 §3 c") {
    // One good attribute of each type but the MP ones.
    const std::array<bytes, 12> goods{good_origin,
                                      good_path,
                                      good_next_hop,
                                      hex("80 04 04 00000000"),
                                      good_local_pref,
                                      hex("40 06 00"),
                                      hex("c0 07 08 0000fbf4c0000201"),
                                      hex("c0 08 04 fbf40064"),
                                      hex("80 09 04 c0000201"),
                                      hex("80 0a 04 c0000201"),
                                      hex("c0 10 08 0002fbf400000064"),
                                      hex("c0 20 0c 0000fdf20000000100000002")};
    for (const auto& good : goods)
        for (const auto flag : {attribute_flag::optional, attribute_flag::transitive}) {
            auto bad = good;
            bad[0] ^= flag;
            CAPTURE(bad);
            bytes all;
            for (const auto& each : goods)
                all = join({all, each[1] == bad[1] ? bad : each});
            CHECK(found(all, internal) == findings{finding(bad[1], withdraw, 4, bad)});
        }
    // Partial and the unused bits are nobody's business, RFC 4271 §4.3.
    CHECK(found_beside(hex("ef 08 04 fbf40064")).empty());
    CHECK(found(join({hex("6f 01 01 00"), good_path, good_next_hop})).empty());
}

TEST_CASE("check_update: iBGP's attributes are discarded from others, RFC 7606 §7.5, §7.9, §7.10") {
    for (const auto* text :
         {"40 05 04 00000064", "40 05 03 000064", "c0 05 04 00000064", "80 09 04 c0000201",
          "80 09 00", "80 0a 08 c0000201c0000202", "80 0a 03 c00002"}) {
        const auto attribute = hex(text);
        CHECK(found_beside(attribute) == findings{finding(attribute[1], discard, 9, attribute)});
    }
}

TEST_CASE("check_update: iBGP's attributes are judged on iBGP, RFC 7606 §7.5, §7.9, §7.10") {
    for (const auto* text : {"80 09 04 c0000201", "80 0a 08 c0000201c0000202"})
        CHECK(found_beside(hex(text), internal).empty());
    for (const auto* text :
         {"80 09 03 c00002", "80 09 08 c0000201c0000202", "80 0a 00", "80 0a 06 c0000201c000"}) {
        const auto attribute = hex(text);
        CHECK(found_beside(attribute, internal) ==
              findings{finding(attribute[1], withdraw, 5, attribute)});
    }
    const auto bad_local_pref = hex("40 05 03 000064");
    CHECK(found(join({mandatory, bad_local_pref}), internal) ==
          findings{finding(5, withdraw, 5, bad_local_pref)});
}

TEST_CASE("check_update: AS numbers are as wide as was negotiated, RFC 6793 §4") {
    const auto two_octet_mandatory = join(
        {good_origin, hex("40 02 04 02 01 fbf4"), good_next_hop, hex("c0 07 06 fbf4c0000201")});
    CHECK(found(two_octet_mandatory, two_octet).empty());
    CHECK(found(join({two_octet_mandatory, hex("c0 11 06 02 01 0000fbf4")}), two_octet).empty());
    const auto four_octet_path = join({good_origin, good_path, good_next_hop});
    CHECK(found(four_octet_path, two_octet) == findings{finding(2, withdraw, 11, {})});
    const auto with_zero = join({good_origin, hex("40 02 06 02 02 fbf4 0000"), good_next_hop});
    CHECK(found(with_zero, two_octet) == findings{finding(2, withdraw, 11, {})});
}

TEST_CASE("check_update: AS4_PATH and AS4_AGGREGATOR are discarded where malformed, RFC 6793 §6") {
    const auto others = join({good_origin, hex("40 02 04 02 01 fbf4"), good_next_hop});
    struct row {
        const char* attribute;
        std::uint8_t subcode;
    };
    for (const auto& [text, subcode] :
         {row{"c0 11 00", 5}, row{"c0 11 03 020100", 5}, row{"c0 11 04 0201 fbf4", 9},
          row{"c0 11 06 0901 0000fbf4", 9}, row{"c0 11 06 0200 0000fbf4", 9},
          row{"c0 11 06 0201 00000000", 9}, row{"c0 12 07 0000fbf4c00002", 5},
          row{"c0 12 08 00000000c0000201", 9}}) {
        const auto attribute = hex(text);
        CHECK(found(join({others, attribute}), two_octet) ==
              findings{finding(attribute[1], discard, subcode, attribute)});
    }
    CHECK(found(join({others, hex("c0 12 08 0000fbf4c0000201")}), two_octet).empty());
    // A speaker of four-octet numbers has no business to send them, RFC 6793 §6.
    const auto stray = hex("c0 11 06 0201 0000fbf4");
    CHECK(found_beside(stray) == findings{finding(17, discard, 9, stray)});
}

TEST_CASE(
    "check_update: of repeated attributes the first counts, the rest is discarded, RFC 7606 §3 g") {
    CHECK(found(join({mandatory, good_origin})) == findings{finding(1, discard, 1, {})});
    CHECK(found_beside(hex("c0 63 00 c0 63 01 00 c0 63 00")) ==
          findings{finding(99, discard, 1, {}), finding(99, discard, 1, {})});
    // Even where the second one is malformed.
    CHECK(found(join({mandatory, hex("40 01 01 07")})) == findings{finding(1, discard, 1, {})});
}

TEST_CASE("check_update: the strongest of several outcomes counts, RFC 7606 §3 h") {
    const auto attributes = join({mandatory, hex("40 06 01 00"), hex("c0 08 00"), hex("c0 07 00")});
    CHECK(found(attributes) == findings{finding(6, discard, 5, hex("40 06 01 00")),
                                        finding(8, withdraw, 5, hex("c0 08 00")),
                                        finding(7, discard, 5, hex("c0 07 00"))});
    // A reset is stronger than what was found before it.
    CHECK(check_update(update_body({}, join({attributes, hex("80 0e 00")}), good_nlri), external)
              .error() == update_fault(9, hex("80 0e 00")));
}

TEST_CASE("check_update: an attribute list that ends within an attribute withdraws, RFC 7606 §4") {
    for (const auto* tail : {"c0", "c0 08", "c0 08 05 fbf40064", "d0 08 00", "d0 08 ffff 00", "00"})
        CHECK(found_beside(hex(tail)) == findings{finding(0, withdraw, 1, {})});
    // Not if the prefixes are in what is cut off, RFC 7606 §3 j.
    for (const auto* tail : {"80 0e", "80 0e 1c 0002", "80 0f 05 00", "90 0f 00"})
        CHECK(check_update(update_body({}, join({mandatory, hex(tail)}), good_nlri), external)
                  .error() == update_fault(1));
}

TEST_CASE("check_update: cut at every length it is an error or has fewer prefixes") {
    const auto body = update_body(hex("08 0a"), join({good_mp_reach, good_mp_unreach, mandatory}),
                                  hex("18 c00002 18 c00003"));
    REQUIRE(check_update(body, external)->malformations.empty());
    std::size_t accepted = 0;
    for_each_cut(body, [&](std::span<const std::uint8_t> cut) {
        const auto checked = check_update(cut, external);
        if (!checked) {
            CHECK((checked.error().subcode == 1 || checked.error().subcode == 10));
        } else {
            ++accepted;
            CHECK(checked->nlri.size() < 8);
        }
    });
    CHECK(accepted == 2); // with no prefix, with one
}

TEST_CASE("check_update: with the attribute list cut at every length, nothing passes unnoticed") {
    const auto list = join({mandatory, good_local_pref, hex("c0 08 04 fbf40064"), hex("40 06 00"),
                            good_mp_unreach, hex("c0 20 0c 0000fdf20000000100000002")});
    REQUIRE(found(list, internal).empty());
    for_each_cut(list, [](std::span<const std::uint8_t> cut) {
        const auto body = update_body({}, {cut.begin(), cut.end()}, good_nlri);
        const auto checked = check_update(body, internal);
        const bool whole_and_complete = checked && checked->outcome == disposition::none;
        const auto size = cut.size(); // the borders behind LOCAL_PREF are those that are fine
        CHECK(whole_and_complete == (size == 27 || size == 34 || size == 37 || size == 50));
    });
}

TEST_CASE("attribute table: flags of every type, RFC 4271 §5 and the RFCs of the others") {
    struct row {
        std::uint8_t type, flags;
    };
    for (const auto& [type, flags] :
         {row{1, 0x40}, row{2, 0x40}, row{3, 0x40}, row{4, 0x80}, row{5, 0x40}, row{6, 0x40},
          row{7, 0xC0}, row{8, 0xC0}, row{9, 0x80}, row{10, 0x80}, row{14, 0x80}, row{15, 0x80},
          row{16, 0xC0}, row{17, 0xC0}, row{18, 0xC0}, row{32, 0xC0}, row{35, 0xC0}}) {
        CAPTURE(type);
        const auto* rule = find_attribute_rule(type);
        REQUIRE(rule != nullptr);
        CHECK(static_cast<std::uint8_t>(rule->type) == type);
        CHECK(rule->flags == flags);
        CHECK_FALSE(rule->name.empty());
    }
    for (const auto type : bytes{0, 11, 13, 19, 31, 33, 34, 36, 128, 255})
        CHECK(find_attribute_rule(type) == nullptr);
}
