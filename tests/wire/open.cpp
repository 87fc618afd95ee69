#include "herald/wire/open.hpp"

#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>

using namespace herald::wire;
using herald::test::body_of;
using herald::test::bytes;
using herald::test::for_each_cut;
using herald::test::hex;
using herald::test::join;
using herald::test::number_16;

namespace {

notification open_fault(std::uint8_t subcode, bytes data = {}) {
    return {error_code::open_message, subcode, std::move(data)};
}

const auto full_bytes = hex(R"(
    ffffffffffffffffffffffffffffffff
    0058          # length 88
    01            # OPEN
    04            # version
    fdf2          # AS 65010
    001e          # hold time 30
    c000020a      # identifier 192.0.2.10
    3b            # length of the parameters: 59
    02 39         # capabilities, 57 octets
    01 04 00010001                # IPv4 unicast
    01 04 00020001                # IPv6 unicast
    02 00                         # route refresh
    05 0c 000100010002 000100020002 # IPv4 unicast, multicast with IPv6 next hops
    06 00                         # extended message
    09 01 03                      # role: customer
    40 0a c078 00010180 00020100  # graceful restart: R, N, 120 s; IPv4 with F, IPv6 without
    41 04 0000fdf2                # four-octet AS
    46 00                         # enhanced route refresh
    49 02 0000                    # FQDN, which herald does not look at
    )");

const open_message full{
    65010,
    30,
    0xC000020A,
    {multiprotocol_capability{1, 1}, multiprotocol_capability{2, 1}, route_refresh_capability{},
     extended_next_hop_capability{{{1, 1, 2}, {1, 2, 2}}}, extended_message_capability{},
     role_capability{3},
     graceful_restart_capability{true, true, 120, {{1, 1, true}, {2, 1, false}}},
     four_octet_as_capability{65010}, enhanced_route_refresh_capability{},
     unknown_capability{73, {0, 0}}}};

/// An OPEN's body with these octets after the identifier: the length and the parameters.
bytes body_with(const bytes& tail) {
    return join({hex("04 fdf2 001e c000020a"), tail});
}

/// An OPEN's body with these capabilities in one parameter.
bytes body_with_capabilities(const bytes& capabilities) {
    return body_with(join({{static_cast<std::uint8_t>(capabilities.size() + 2), 2,
                            static_cast<std::uint8_t>(capabilities.size())},
                           capabilities}));
}

std::vector<capability> capabilities_of(const bytes& body) {
    const auto decoded = decode_open(body);
    REQUIRE(decoded);
    return decoded->capabilities;
}

} // namespace

TEST_CASE("OPEN: every capability is read and written, RFC 4271 §4.2, RFC 5492 §4") {
    CHECK(decode_open(body_of(full_bytes)) == full);
    CHECK(encode(full) == full_bytes);
}

TEST_CASE("OPEN: cut at every length it is an error") {
    for_each_cut(body_of(full_bytes), [](std::span<const std::uint8_t> cut) {
        const auto decoded = decode_open(cut);
        if (cut.size() < 10)
            CHECK(decoded.error() ==
                  notification{error_code::message_header, 2, number_16(19 + cut.size())});
        else
            CHECK(decoded.error() == open_fault(0));
    });
}

TEST_CASE(
    "OPEN: with its length octet made to fit, cut parameters are an error or a shorter list") {
    const auto whole = body_of(full_bytes);
    for (std::size_t size = 10; size < whole.size(); ++size) {
        bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        cut[9] = static_cast<std::uint8_t>(size - 10);
        if (size == 10)
            CHECK(decode_open(cut)->capabilities.empty());
        else
            CHECK(decode_open(cut).error() == open_fault(0));
        if (size < 12)
            continue;
        cut[11] = static_cast<std::uint8_t>(size - 12); // the parameter's length fits as well
        if (const auto decoded = decode_open(cut))
            CHECK(std::ranges::equal(
                decoded->capabilities,
                std::span(full.capabilities).first(decoded->capabilities.size())));
        else
            CHECK(decoded.error() == open_fault(0));
    }
}

TEST_CASE("OPEN: without parameters it is 29 octets, RFC 4271 §4.2") {
    const open_message bare{65010, 0, 1, {}};
    CHECK(encode(bare) == hex(R"(
        ffffffffffffffffffffffffffffffff
        001d      # length
        01        # OPEN
        04        # version
        fdf2      # AS 65010
        0000      # hold time: none
        00000001  # identifier
        00        # no parameters
        )"));
    CHECK(decode_open(body_of(encode(bare))) == bare);
}

TEST_CASE("OPEN: another version is 2/1 with ours as data, RFC 4271 §6.2") {
    for (const auto version : bytes{0, 3, 5, 255}) {
        auto body = body_with({0});
        body[0] = version;
        CHECK(decode_open(body).error() == open_fault(1, {0, 4}));
    }
}

TEST_CASE("OPEN: AS 0 in either place is 2/2, RFC 7607 §2") {
    CHECK(decode_open(hex("04 0000 001e c000020a 00")).error() == open_fault(2));
    CHECK(decode_open(body_with_capabilities(hex("41 04 00000000"))).error() == open_fault(2));
}

TEST_CASE("OPEN: identifier 0 is 2/3, any other is legal, RFC 6286 §2.1") {
    CHECK(decode_open(hex("04 fdf2 001e 00000000 00")).error() == open_fault(3));
    CHECK(decode_open(hex("04 fdf2 001e ffffffff 00")));
    CHECK(decode_open(hex("04 fdf2 001e 00000001 00")));
}

TEST_CASE("OPEN: hold times of 1 and 2 are 2/6, 0 and 3 are legal, RFC 4271 §6.2") {
    CHECK(decode_open(hex("04 fdf2 0001 c000020a 00")).error() == open_fault(6));
    CHECK(decode_open(hex("04 fdf2 0002 c000020a 00")).error() == open_fault(6));
    CHECK(decode_open(hex("04 fdf2 0000 c000020a 00"))->hold_time == 0);
    CHECK(decode_open(hex("04 fdf2 0003 c000020a 00"))->hold_time == 3);
    CHECK(decode_open(hex("04 fdf2 ffff c000020a 00"))->hold_time == 65535);
}

TEST_CASE("OPEN: a parameter that is not capabilities is 2/4, RFC 4271 §6.2") {
    CHECK(decode_open(body_with(hex("03 01 01 00"))).error() == open_fault(4));
    CHECK(decode_open(body_with(hex("06 02 00 ff 02 00 00"))).error() == open_fault(4));
}

TEST_CASE("OPEN: a length of parameters that is not what is left is 2/0, RFC 4271 §6.2") {
    CHECK(decode_open(body_with(hex("05 02 02 02 00"))).error() == open_fault(0));
    CHECK(decode_open(body_with(hex("03 02 02 02 00"))).error() == open_fault(0));
    CHECK(decode_open(body_with(hex("00 02 02 02 00"))).error() == open_fault(0));
    CHECK(decode_open(body_with(hex("01 02"))).error() == open_fault(0));
    CHECK(decode_open(body_with(hex("04 02 03 02 00"))).error() ==
          open_fault(0)); // the parameter's
    CHECK(decode_open(body_with(hex("04 02 02 02 01"))).error() ==
          open_fault(0));                                                       // the capability's
    CHECK(decode_open(body_with(hex("03 02 01 02"))).error() == open_fault(0)); // it has none
}

TEST_CASE("OPEN: capabilities may be repeated and spread over parameters, RFC 5492 §4") {
    const auto body = body_with(hex(R"(
        12                  # 18 octets
        02 06 01 04 00010001
        02 00               # a parameter without a capability
        02 06 01 04 00010001
        )"));
    CHECK(capabilities_of(body) ==
          std::vector<capability>{multiprotocol_capability{1, 1}, multiprotocol_capability{1, 1}});
}

TEST_CASE("OPEN: a capability whose length is not its RFC's is kept as unknown, RFC 5492 §4") {
    const std::vector<bytes> rows{
        hex("01 03 000100"),     // multiprotocol: 4
        hex("01 05 0001000100"), //
        hex("02 01 00"),         // route refresh: 0
        hex("05 05 0001000100"), // extended next hop: a multiple of 6
        hex("06 01 00"),         // extended message: 0
        hex("09 00"),            // role: 1
        hex("09 02 0303"),       //
        hex("40 01 00"),         // graceful restart: 2 and a multiple of 4
        hex("40 00"),            //
        hex("40 05 0078000101"), //
        hex("41 03 00fdf2"),     // four-octet AS: 4
        hex("41 05 0000fdf200"), //
        hex("46 01 00"),         // enhanced route refresh: 0
        hex("c8 03 010203"),     // not known at all
        hex("00 00"),            //
    };
    for (const auto& row : rows) {
        const unknown_capability expected{row[0], {row.begin() + 2, row.end()}};
        const auto body = body_with_capabilities(row);
        CHECK(capabilities_of(body) == std::vector<capability>{expected});
        CHECK(body_of(encode(*decode_open(body))).size() == body.size());
        CHECK(decode_open(body_of(encode(*decode_open(body)))) == decode_open(body));
    }
}

TEST_CASE("OPEN: reserved octets and bits are not looked at, RFC 4760 §8, RFC 4724 §3") {
    CHECK(capabilities_of(body_with_capabilities(hex("01 04 0001ff01"))) ==
          std::vector<capability>{multiprotocol_capability{1, 1}});
    CHECK(
        capabilities_of(body_with_capabilities(hex("40 06 3fff 0001017f"))) ==
        std::vector<capability>{graceful_restart_capability{false, false, 4095, {{1, 1, false}}}});
}

TEST_CASE("OPEN: the AS is that of capability 65 where there is one, RFC 6793 §4.1") {
    CHECK(open_message{65010, 30, 1, {}}.as() == 65010);
    CHECK(open_message{23456, 30, 1, {four_octet_as_capability{4200000000}}}.as() == 4200000000);
}

TEST_CASE("OPEN: the extended form is read, whatever the length octet says, RFC 9072 §2") {
    const auto tail = hex(R"(
        ff            # the parameters' type: extended
        0009          # their length
        02 0006       # capabilities
        01 04 00010001)");
    for (const auto length : bytes{255, 1, 12, 0}) {
        const auto body = body_with(join({{length}, tail}));
        CHECK(capabilities_of(body) == std::vector<capability>{multiprotocol_capability{1, 1}});
        for_each_cut(body, [](std::span<const std::uint8_t> cut) {
            const auto decoded = decode_open(cut);
            REQUIRE((!decoded || decoded->capabilities.empty()));
        });
    }
    CHECK(decode_open(body_with(hex("ff ff 0000")))->capabilities.empty());
}

TEST_CASE("OPEN: in the extended form a length that does not fit is 2/0, RFC 9072 §2") {
    CHECK(decode_open(body_with(hex("ff ff 0008 02 0006 01 04 00010001"))).error() ==
          open_fault(0));
    CHECK(decode_open(body_with(hex("ff ff 000a 02 0006 01 04 00010001"))).error() ==
          open_fault(0));
    CHECK(decode_open(body_with(hex("ff ff 0009 02 0007 01 04 00010001"))).error() ==
          open_fault(0));
    CHECK(decode_open(body_with(hex("ff ff 0002 02 00"))).error() == open_fault(0));
    CHECK(decode_open(body_with(hex("ff ff 00"))).error() == open_fault(0));
}

TEST_CASE(
    "OPEN: capabilities that do not fit into 255 octets take the extended form, RFC 9072 §2") {
    open_message message{65010, 30, 1, {}};
    message.capabilities.emplace_back(unknown_capability{200, bytes(251, 1)}); // 253 in all
    auto encoded = encode(message);
    CHECK(encoded.size() == 29 + 2 + 253);
    CHECK(encoded[28] == 255);
    CHECK(encoded[29] == 2);
    CHECK(decode_open(body_of(encoded)) == message);

    message.capabilities.emplace_back(unknown_capability{201, {}});
    encoded = encode(message);
    const bytes head(encoded.begin() + 28, encoded.begin() + 35);
    CHECK(head == hex("ff ff 0102 02 00ff")); // 255 octets of capabilities
    CHECK(decode_open(body_of(encoded)) == message);
}
