#include "herald/wire/messages.hpp"

#include "tests/support/bytes.hpp"

#include <doctest/doctest.h>

using namespace herald::wire;
using herald::test::body_of;
using herald::test::bytes;
using herald::test::for_each_cut;
using herald::test::hex;
using herald::test::message;

namespace {

notification bad_length(std::size_t length) {
    return {error_code::message_header, 2, herald::test::number_16(length)};
}

const auto shutdown_octets = hex(R"(
    ffffffffffffffffffffffffffffffff
    0018  # length
    03    # NOTIFICATION
    06    # Cease
    02    # Administrative Shutdown
    026869)"); // a text of two octets

const auto end_of_refresh = hex(R"(
    ffffffffffffffffffffffffffffffff
    0017  # length
    05    # ROUTE-REFRESH
    0002  # IPv6
    02    # EoRR
    01    # unicast
    )");

} // namespace

TEST_CASE("KEEPALIVE: a header and nothing else, RFC 4271 §4.4") {
    CHECK(encode_keepalive() == hex("ffffffffffffffffffffffffffffffff 0013 04"));
    CHECK(decode_keepalive({}));
    CHECK(decode_keepalive(bytes{0}).error() == bad_length(20));
}

TEST_CASE("NOTIFICATION: code, subcode and all of the data survive, RFC 4271 §4.5") {
    const notification value{error_code::cease, 2, {2, 'h', 'i'}};
    CHECK(decode_notification(body_of(shutdown_octets)) == value);
    CHECK(encode(value) == shutdown_octets);
    const notification short_one{error_code::hold_timer_expired, 0, {}};
    CHECK(decode_notification(body_of(encode(short_one))) == short_one);
    const notification unknown{static_cast<error_code>(99), 77, {1}};
    CHECK(decode_notification(body_of(encode(unknown))) == unknown);
}

TEST_CASE("NOTIFICATION: cut at every length it is 1/2 or has less data") {
    for_each_cut(body_of(shutdown_octets), [](std::span<const std::uint8_t> cut) {
        const auto decoded = decode_notification(cut);
        if (cut.size() < 2)
            CHECK(decoded.error() == bad_length(19 + cut.size()));
        else
            CHECK(decoded->data == bytes(cut.begin() + 2, cut.end()));
    });
}

TEST_CASE("NOTIFICATION: data is cut where the message would be longer than 4096, RFC 4271 §4.1") {
    notification value{error_code::update_message, 1, bytes(4096 - 21, 9)};
    CHECK(encode(value).size() == 4096);
    CHECK(decode_notification(body_of(encode(value))) == value);
    const auto longest = encode(value);
    value.data.resize(65535, 8);
    CHECK(encode(value) == longest);
}

TEST_CASE("ROUTE-REFRESH: family and subtype, RFC 2918 §3, RFC 7313 §3.2") {
    const route_refresh value{2, refresh_subtype::end, 1};
    CHECK(decode_route_refresh(body_of(end_of_refresh)) == value);
    CHECK(encode(value) == end_of_refresh);
    const route_refresh unknown{16388, static_cast<refresh_subtype>(200), 71};
    CHECK(decode_route_refresh(body_of(encode(unknown))) == unknown);
}

TEST_CASE("ROUTE-REFRESH: a request that is too short is 1/2 with the length as data") {
    const bytes request{0, 1, 0, 1};
    for_each_cut(request, [](std::span<const std::uint8_t> cut) {
        CHECK(decode_route_refresh(cut).error() == bad_length(19 + cut.size()));
    });
}

TEST_CASE("ROUTE-REFRESH: a longer request is read without its filters, RFC 5291 §4") {
    const bytes body{0, 1, 0, 1, 1, 64, 0, 0};
    CHECK(decode_route_refresh(body) == route_refresh{1, refresh_subtype::request, 1});
}

TEST_CASE("ROUTE-REFRESH: BoRR or EoRR of another length is 7/1 with the message, RFC 7313 §5") {
    for (const auto subtype : bytes{1, 2})
        for (const auto& body : {bytes{0, 1, subtype}, bytes{0, 1, subtype, 1, 0}}) {
            const notification expected{error_code::route_refresh, 1, message(5, body)};
            CHECK(decode_route_refresh(body).error() == expected);
        }
    // Too short to have a subtype at all.
    CHECK(decode_route_refresh(bytes{0, 1}).error() == bad_length(21));
}
