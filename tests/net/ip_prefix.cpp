#include "herald/net/ip_prefix.hpp"

#include "tests/support/bytes.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <vector>

using namespace herald::net;
using herald::test::bytes;

namespace {

ip_prefix prefix(std::string_view text) {
    const auto parsed = ip_prefix::parse(text);
    REQUIRE_MESSAGE(parsed, text);
    return *parsed;
}

std::string error_of(std::string_view text) {
    const auto parsed = ip_prefix::parse(text);
    REQUIRE_FALSE_MESSAGE(parsed, text);
    return parsed.error();
}

bytes octets_of(const ip_prefix& value) {
    return {value.octets().begin(), value.octets().end()};
}

} // namespace

TEST_CASE("ip_prefix: what is parsed is written back the same") {
    for (const auto* text : {"0.0.0.0/0", "192.0.2.0/24", "192.0.2.128/25", "192.0.2.53/32", "::/0",
                             "2001:db8:53::/48", "2001:db8::1/128", "2001:db8:8000::/33"})
        CHECK(to_string(prefix(text)) == text);
    CHECK(to_string(prefix("2001:0db8:0:0::/32")) == "2001:db8::/32");
}

TEST_CASE("ip_prefix: only the octets that the length needs go on the wire, RFC 4271 §4.3") {
    CHECK(octets_of(prefix("0.0.0.0/0")).empty());
    CHECK(octets_of(prefix("192.0.2.0/24")) == bytes{192, 0, 2});
    CHECK(octets_of(prefix("192.0.2.128/25")) == bytes{192, 0, 2, 128});
    CHECK(octets_of(prefix("2001:db8:53::/48")) == bytes{0x20, 0x01, 0x0d, 0xb8, 0, 0x53});
    CHECK(prefix("2001:db8:53::/48").length() == 48);
    CHECK(prefix("2001:db8:53::/48").family() == address_family::ipv6);
}

TEST_CASE("ip_prefix: made of octets, host bits are cleared and missing octets are zero") {
    const bytes octets{192, 0, 2, 255};
    CHECK(ip_prefix(address_family::ipv4, octets, 25) == prefix("192.0.2.128/25"));
    CHECK(ip_prefix(address_family::ipv4, octets, 24) == prefix("192.0.2.0/24"));
    CHECK(ip_prefix(address_family::ipv4, octets, 0) == prefix("0.0.0.0/0"));
    CHECK(ip_prefix(address_family::ipv4, octets, 32) == prefix("192.0.2.255/32"));
    CHECK(ip_prefix(address_family::ipv4, bytes{10}, 32) == prefix("10.0.0.0/32"));
    CHECK(ip_prefix() == prefix("0.0.0.0/0"));
    CHECK(prefix("192.0.2.0/24") != prefix("192.0.2.0/25"));
}

TEST_CASE("ip_prefix: prefixes are ordered by family, address, length") {
    const std::vector ordered{prefix("10.0.0.0/8"),  prefix("10.0.0.0/9"),
                              prefix("10.1.0.0/16"), prefix("192.0.2.0/24"),
                              prefix("::/0"),        prefix("2001:db8::/32")};
    CHECK(std::ranges::is_sorted(ordered));
    CHECK(std::ranges::adjacent_find(ordered) == ordered.end());
}

TEST_CASE("ip_prefix: host bits are refused, and the error names the prefix that is right") {
    CHECK(error_of("192.0.2.1/24") ==
          "host bits are not zero: the prefix of this length is 192.0.2.0/24");
    CHECK(error_of("192.0.2.64/25").ends_with("192.0.2.0/25"));
    CHECK(error_of("2001:db8::1/48").ends_with("2001:db8::/48"));
    CHECK(error_of("0.0.0.1/0").ends_with("0.0.0.0/0"));
}

TEST_CASE("ip_prefix: a missing or wrong length is refused with the range that is right") {
    CHECK(error_of("192.0.2.1") == "a prefix needs a length: 192.0.2.1/32 is this one address");
    CHECK(error_of("2001:db8::1").contains("2001:db8::1/128"));
    for (const auto* text : {"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/+8",
                             "192.0.2.0/24 ", "192.0.2.0/256", "192.0.2.0/2x", "192.0.2.0/24/8"})
        CHECK(error_of(text) == "the length of an ipv4 prefix is 0 to 32");
    CHECK(error_of("2001:db8::/129") == "the length of an ipv6 prefix is 0 to 128");
}

TEST_CASE("ip_prefix: what is not an address is refused") {
    for (const auto* text : {"", "/", "/24", "192.0.2/24", "192.0.2.256/24", "example.org/24",
                             " 192.0.2.0/24", "fe80::%lo/64", "fe80::%none/64", "2001:db8:::/48"})
        CHECK(error_of(text).starts_with("not a prefix"));
    CHECK(error_of(std::string(100'000, '1')).size() < 200);
    CHECK(error_of(std::string("192.0.2.0\0/24", 13)).starts_with("not a prefix"));
}
