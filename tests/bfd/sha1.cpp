#include "herald/bfd/sha1.hpp"

#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>
#include <string_view>

using namespace herald;
using herald::test::bytes;
using herald::test::to_hex;

namespace {

std::string digest_of(const bytes& message) {
    return to_hex(bfd::sha1(message));
}

bytes octets_of(std::string_view text) {
    return {text.begin(), text.end()};
}

} // namespace

TEST_CASE("sha1: the examples of FIPS 180") {
    CHECK(digest_of(octets_of("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(digest_of(octets_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(digest_of(bytes(1'000'000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    CHECK(digest_of({}) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST_CASE("sha1: messages at and around the end of a block") {
    CHECK(digest_of(bytes(55, 'x')) == "cef734ba81a024479e09eb5a75b6ddae62e6abf1");
    CHECK(digest_of(bytes(56, 'x')) == "901305367c259952f4e7af8323f480d59f81335b");
    CHECK(digest_of(bytes(63, 'x')) == "0ddc4e0cccd9a12850deb5abb0853a4425559fec");
    CHECK(digest_of(bytes(64, 'x')) == "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163");
    CHECK(digest_of(bytes(65, 'x')) == "78c741ddc482e4cdf8c474a0876347a0905b6233");
}
