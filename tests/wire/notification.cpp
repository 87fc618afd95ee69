#include "herald/wire/notification.hpp"

#include "tests/support/bytes.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>

using namespace herald::wire;
using herald::test::bytes;

namespace {

notification with_text(std::uint8_t subcode, std::string_view text) {
    bytes data(1 + text.size(), static_cast<std::uint8_t>(text.size()));
    std::ranges::copy(text, data.begin() + 1);
    return {error_code::cease, subcode, data};
}

std::string described(std::uint8_t code, std::uint8_t subcode) {
    return describe({static_cast<error_code>(code), subcode, {}});
}

} // namespace

TEST_CASE("make_cease: the text follows its length, and no text is no data, RFC 9003 §2") {
    CHECK(make_cease(2, "maintenance") == with_text(2, "maintenance"));
    CHECK(make_cease(6) == notification{error_code::cease, 6, {}});
    CHECK(make_cease(2, "") == notification{error_code::cease, 2, {}});
}

TEST_CASE("make_cease: a text is cut to 128 octets between two characters, RFC 9003 §2") {
    CHECK(make_cease(2, std::string(128, 'a')) == with_text(2, std::string(128, 'a')));
    CHECK(make_cease(2, std::string(129, 'a')) == with_text(2, std::string(128, 'a')));
    const std::string ascii(127, 'a');
    CHECK(make_cease(2, ascii + "é") == with_text(2, ascii));
    const std::string shorter(125, 'a');
    CHECK(make_cease(2, shorter + "€") == with_text(2, shorter + "€"));
    CHECK(make_cease(2, shorter + "😀") == with_text(2, shorter));
}

TEST_CASE("shutdown_text: of 6/2 and 6/4 with up to 255 octets, RFC 9003 §2") {
    CHECK(shutdown_text(with_text(2, "maintenance")) == "maintenance");
    CHECK(shutdown_text(with_text(4, "Grüße")) == "Grüße");
    CHECK(shutdown_text(with_text(2, std::string(255, 'x'))) == std::string(255, 'x'));
    CHECK(shutdown_text(with_text(2, "")) == "");
    CHECK(shutdown_text(with_text(3, "not here")) == "");
    CHECK(shutdown_text({error_code::open_message, 2, {1, 'a'}}) == "");
}

TEST_CASE("shutdown_text: a length octet that is missing or wrong means no text, RFC 9003 §2") {
    CHECK(shutdown_text({error_code::cease, 2, {}}) == "");
    CHECK(shutdown_text({error_code::cease, 2, {3, 'a', 'b'}}) == "");
    CHECK(shutdown_text({error_code::cease, 2, {1, 'a', 'b'}}) == "");
    CHECK(shutdown_text({error_code::cease, 2, {255}}) == "");
}

TEST_CASE(
    "make_hard_reset: code, subcode and data of what it carries are its data, RFC 8538 §3.1") {
    const auto inner = make_cease(2, "ab");
    const notification hard{error_code::cease, 9, {6, 2, 2, 'a', 'b'}};
    CHECK(make_hard_reset(inner) == hard);
    CHECK(inside_hard_reset(hard) == inner);
    CHECK(shutdown_text(hard) == "ab");
    CHECK(describe(hard) == "Cease / Hard Reset: Cease / Administrative Shutdown");
}

TEST_CASE("inside_hard_reset: one that carries nothing stays what it is, RFC 8538 §3.1") {
    for (const auto& data : {bytes{}, bytes{6}}) {
        const notification hard{error_code::cease, 9, data};
        CHECK(inside_hard_reset(hard) == hard);
        CHECK(describe(hard) == "Cease / Hard Reset");
    }
    // One inside another is not looked into further.
    CHECK(describe({error_code::cease, 9, {6, 9, 6, 9}}) ==
          "Cease / Hard Reset: Cease / Hard Reset");
}

TEST_CASE("shutdown_text: control characters and broken UTF-8 become harmless, RFC 9003 §6") {
    CHECK(shutdown_text(with_text(2, "a\r\nb\x1b[2Jc\x7f")) == "a  b?[2Jc?");
    CHECK(shutdown_text(with_text(2, std::string_view("a\0b", 3))) == "a?b");
    CHECK(shutdown_text(with_text(2, "a\xff\xfe")) == "a??");
}

TEST_CASE("describe: every code and subcode of the registry has its name") {
    CHECK(described(1, 1) == "Message Header Error / Connection Not Synchronized");
    CHECK(described(1, 2) == "Message Header Error / Bad Message Length");
    CHECK(described(1, 3) == "Message Header Error / Bad Message Type");
    CHECK(described(2, 0) == "OPEN Message Error / Unspecific");
    CHECK(described(2, 1) == "OPEN Message Error / Unsupported Version Number");
    CHECK(described(2, 2) == "OPEN Message Error / Bad Peer AS");
    CHECK(described(2, 3) == "OPEN Message Error / Bad BGP Identifier");
    CHECK(described(2, 4) == "OPEN Message Error / Unsupported Optional Parameter");
    CHECK(described(2, 6) == "OPEN Message Error / Unacceptable Hold Time");
    CHECK(described(2, 7) == "OPEN Message Error / Unsupported Capability");
    CHECK(described(2, 11) == "OPEN Message Error / Role Mismatch");
    CHECK(described(3, 1) == "UPDATE Message Error / Malformed Attribute List");
    CHECK(described(3, 2) == "UPDATE Message Error / Unrecognized Well-known Attribute");
    CHECK(described(3, 3) == "UPDATE Message Error / Missing Well-known Attribute");
    CHECK(described(3, 4) == "UPDATE Message Error / Attribute Flags Error");
    CHECK(described(3, 5) == "UPDATE Message Error / Attribute Length Error");
    CHECK(described(3, 6) == "UPDATE Message Error / Invalid ORIGIN Attribute");
    CHECK(described(3, 8) == "UPDATE Message Error / Invalid NEXT_HOP Attribute");
    CHECK(described(3, 9) == "UPDATE Message Error / Optional Attribute Error");
    CHECK(described(3, 10) == "UPDATE Message Error / Invalid Network Field");
    CHECK(described(3, 11) == "UPDATE Message Error / Malformed AS_PATH");
    CHECK(described(4, 0) == "Hold Timer Expired");
    CHECK(described(5, 1) == "Finite State Machine Error / Unexpected Message in OpenSent");
    CHECK(described(5, 2) == "Finite State Machine Error / Unexpected Message in OpenConfirm");
    CHECK(described(5, 3) == "Finite State Machine Error / Unexpected Message in Established");
    CHECK(described(6, 1) == "Cease / Maximum Number of Prefixes Reached");
    CHECK(described(6, 2) == "Cease / Administrative Shutdown");
    CHECK(described(6, 3) == "Cease / Peer De-configured");
    CHECK(described(6, 4) == "Cease / Administrative Reset");
    CHECK(described(6, 5) == "Cease / Connection Rejected");
    CHECK(described(6, 6) == "Cease / Other Configuration Change");
    CHECK(described(6, 7) == "Cease / Connection Collision Resolution");
    CHECK(described(6, 8) == "Cease / Out of Resources");
    CHECK(described(6, 9) == "Cease / Hard Reset");
    CHECK(described(6, 10) == "Cease / BFD Down");
    CHECK(described(7, 1) == "ROUTE-REFRESH Message Error / Invalid Message Length");
    CHECK(described(8, 0) == "Send Hold Timer Expired");
}

TEST_CASE("describe: unknown codes and subcodes show as numbers") {
    CHECK(described(0, 0) == "0 / 0");
    CHECK(described(99, 3) == "99 / 3");
    CHECK(described(6, 99) == "Cease / 99");
    CHECK(described(2, 5) == "OPEN Message Error / 5");
    CHECK(described(4, 1) == "Hold Timer Expired / 1");
}
