#include "herald/net/address_family.hpp"

#include "herald/net/as_number.hpp"

#include <doctest/doctest.h>

using namespace herald::net;

TEST_CASE("family_of: only unicast of IPv4 and IPv6 is spoken, RFC 4760 §6") {
    CHECK(family_of(1, 1) == address_family::ipv4);
    CHECK(family_of(2, 1) == address_family::ipv6);
    CHECK(family_of(0, 1) == std::nullopt);
    CHECK(family_of(3, 1) == std::nullopt);
    CHECK(family_of(1, 2) == std::nullopt);
    CHECK(family_of(25, 65) == std::nullopt);
    for (const auto family : all_families)
        CHECK(family_of(afi(family), safi_unicast) == family);
}

TEST_CASE("family_set: holds what was put in, and intersects") {
    family_set both{address_family::ipv4, address_family::ipv6};
    CHECK(family_set{}.empty());
    CHECK(both.contains(address_family::ipv4));
    CHECK(both.contains(address_family::ipv6));
    CHECK((both & family_set{address_family::ipv6}) == family_set{address_family::ipv6});
    both.erase(address_family::ipv6);
    CHECK(both == family_set{address_family::ipv4});
    CHECK((both & family_set{address_family::ipv6}).empty());
}

TEST_CASE("is_usable: reserved AS numbers are nobody's own, RFC 7607, RFC 6793, RFC 7300") {
    for (const as_number reserved : {0U, 23456U, 65535U, 4294967295U})
        CHECK_FALSE(is_usable(reserved));
    for (const as_number usable : {1U, 23455U, 65534U, 65536U, 4294967294U})
        CHECK(is_usable(usable));
    CHECK(fits_two_octets(65535));
    CHECK_FALSE(fits_two_octets(65536));
}
