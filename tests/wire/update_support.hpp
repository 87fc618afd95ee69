#pragma once

#include "herald/net/ip_prefix.hpp"
#include "herald/wire/update.hpp"
#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>
#include <string_view>

namespace herald::wire::test {

inline constexpr auto discard = disposition::attribute_discard;
inline constexpr auto withdraw = disposition::treat_as_withdraw;

using herald::test::bytes;
using herald::test::hex;
using herald::test::join;
using herald::test::number_16;

inline net::ip_prefix prefix(std::string_view text) {
    const auto parsed = net::ip_prefix::parse(text);
    REQUIRE_MESSAGE(parsed, text);
    return *parsed;
}

inline boost::asio::ip::address address(const char* text) {
    return boost::asio::ip::make_address(text);
}

/// A session of an external neighbor with four-octet AS numbers, and what differs from it.
inline constexpr update_format external{};
inline constexpr update_format internal{.internal = true};
inline constexpr update_format two_octet{.four_octet_as = false};

/// An UPDATE's body of its three parts.
inline bytes update_body(const bytes& withdrawn, const bytes& attributes, const bytes& nlri) {
    return join(
        {number_16(withdrawn.size()), withdrawn, number_16(attributes.size()), attributes, nlri});
}

// Attributes that are as they should be.
inline const bytes good_origin = hex("40 01 01 00");
inline const bytes good_path = hex("40 02 06 02 01 0000fbf4"); // 64500
inline const bytes good_next_hop = hex("40 03 04 c6336401");   // 198.51.100.1
inline const bytes good_local_pref = hex("40 05 04 00000064");
inline const bytes good_mp_reach =
    hex("80 0e 1c 0002 01 10 20010db8000000000000000000000001 00 30 20010db80053");
inline const bytes good_mp_unreach = hex("80 0f 0a 0002 01 30 20010db80053");
inline const bytes mandatory = join({good_origin, good_path, good_next_hop});
inline const bytes good_nlri = hex("18 c00002"); // 192.0.2.0/24

inline malformation finding(std::uint8_t type, disposition outcome, std::uint8_t subcode,
                            bytes data) {
    return {type, outcome, {error_code::update_message, subcode, std::move(data)}};
}

inline notification update_fault(std::uint8_t subcode, bytes data = {}) {
    return {error_code::update_message, subcode, std::move(data)};
}

/// An external route of AS 65010.
inline path_attributes plain_attributes() {
    path_attributes attributes;
    attributes.origin = origin::igp;
    attributes.path = as_path{{as_segment::kind::sequence, {65010}}};
    attributes.next_hop = next_hop{address("198.51.100.2"), {}};
    return attributes;
}

/// The value of a whole message in which nothing is malformed.
inline update_message decoded(const bytes& whole, const update_format& format) {
    const auto checked = check_update(herald::test::body_of(whole), format);
    REQUIRE(checked);
    CHECK(checked->malformations.empty());
    return decode_update(*checked, format);
}

} // namespace herald::wire::test
