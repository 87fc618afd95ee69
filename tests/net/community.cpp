#include "herald/net/community.hpp"

#include <doctest/doctest.h>

using namespace herald::net;

TEST_CASE("parse_community: two numbers, RFC 1997") {
    CHECK(parse_community("64500:100") == community{0xFBF40064});
    CHECK(parse_community("0:0") == community{0});
    CHECK(parse_community("65535:65535") == community{0xFFFFFFFF});
    CHECK(to_string(community{0xFBF40064}) == "64500:100");
}

TEST_CASE("parse_community: well-known names, and numbers that have one are written as it") {
    CHECK(parse_community("no-export") == community::no_export);
    CHECK(parse_community("no-advertise") == community::no_advertise);
    CHECK(parse_community("no-export-subconfed") == community::no_export_subconfed);
    CHECK(parse_community("no-peer") == community::no_peer);
    CHECK(parse_community("graceful-shutdown") == community::graceful_shutdown);
    CHECK(parse_community("blackhole") == community::blackhole);
    CHECK(parse_community("65535:65281") == community::no_export);
    for (const auto* name : {"no-export", "no-advertise", "no-export-subconfed", "no-peer",
                             "graceful-shutdown", "blackhole"})
        CHECK(to_string(*parse_community(name)) == name);
}

TEST_CASE("parse_community: anything else is refused") {
    for (const auto* text : {"", ":", "1", "1:", ":1", "65536:1", "1:65536", "1:2:3", "-1:1",
                             "+1:1", "1: 2", "0x1:2", "no_export", "NO-EXPORT", "1:2 "}) {
        CAPTURE(text);
        CHECK_FALSE(parse_community(text));
    }
    CHECK(parse_community("1:65536").error().starts_with("not a community: expected"));
}

TEST_CASE("parse_large_community: three numbers of 32 bits, RFC 8092") {
    CHECK(parse_large_community("65010:1:2") == large_community{65010, 1, 2});
    CHECK(parse_large_community("4294967295:4294967295:4294967295") ==
          large_community{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF});
    CHECK(to_string(large_community{65010, 1, 2}) == "65010:1:2");
    for (const auto* text :
         {"", "1", "1:2", "1:2:", "1:2:3:4", "4294967296:1:1", "a:1:1", "1:-1:1"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_large_community(text));
    }
}

TEST_CASE("parse_extended_community: the administrator decides on the form, RFC 4360 §3") {
    // type, subtype, administrator, value
    CHECK(parse_extended_community("rt:65010:100") == extended_community{0x0002'FDF2'0000'0064});
    CHECK(parse_extended_community("soo:65010:1") == extended_community{0x0003'FDF2'0000'0001});
    CHECK(parse_extended_community("rt:65010:4294967295") ==
          extended_community{0x0002'FDF2'FFFF'FFFF});
    CHECK(parse_extended_community("rt:192.0.2.1:100") ==
          extended_community{0x0102'C000'0201'0064});
    // RFC 5668
    CHECK(parse_extended_community("rt:65536:100") == extended_community{0x0202'0001'0000'0064});
    CHECK(parse_extended_community("soo:4200000000:65535") ==
          extended_community{0x0203'FA56'EA00'FFFF});
}

TEST_CASE("parse_extended_community: what is written is read back the same") {
    for (const auto* text :
         {"rt:65010:100", "soo:65010:4294967295", "rt:192.0.2.1:65535", "soo:4200000000:7"})
        CHECK(to_string(*parse_extended_community(text)) == text);
}

TEST_CASE("to_string: an extended community of another kind shows its octets") {
    CHECK(to_string(extended_community{0x4004'FDF2'0000'0064}) == "0x4004fdf200000064");
    CHECK(to_string(extended_community{0x8002'FDF2'0000'0064}) == "0x8002fdf200000064");
}

TEST_CASE("parse_extended_community: anything else is refused") {
    for (const auto* text : {"", "rt", "rt:", "rt:1", "rt:1:", "rt::1", "xx:1:2", "RT:1:2",
                             "rt:1:2:3", "rt:a:1", "rt:192.0.2:1", "rt:4294967296:1",
                             "rt:1:4294967296", "rt:65536:65536", "rt:192.0.2.1:65536"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_extended_community(text));
    }
    CHECK_FALSE(parse_extended_community(std::string_view("rt:192.0.2.1\0:1", 15)));
    CHECK(parse_extended_community("rt:65536:65536").error().contains("at most 65535"));
}
