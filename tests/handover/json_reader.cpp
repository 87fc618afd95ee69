#include "herald/handover/json_reader.hpp"

#include "herald/handover/json_values.hpp"

#include <boost/asio/error.hpp>
#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <functional>
#include <limits>

using namespace herald::handover;

namespace {

namespace json = boost::json;
namespace ip = boost::asio::ip;

enum class color { red, green };
constexpr json_names<color, 2> colors{{{"red", color::red}, {"green", color::green}}};

/// What is found to be wrong when `value` is read so.
std::string fault_of(const json::value& value, const std::function<void(json_reader)>& read) {
    json_document document(value);
    read(document.root());
    return document.fault().value_or("nothing");
}

/// What comes back of what was written.
template <typename Read>
auto read_back(const json::value& written, const Read& read) {
    const auto parsed = json::parse(json::serialize(written));
    json_document document(parsed);
    const auto result = document.result(read(document.root()));
    REQUIRE(result.has_value());
    return *result;
}

} // namespace

TEST_CASE("json_reader: what is there is read") {
    const auto value = json::parse(R"({"a": [1, -2, 18446744073709551615], "b": {"on": true},
                                       "c": "green", "d": null})");
    json_document document(value);
    const auto root = document.root();
    const auto numbers = root.member("a").elements(3);
    REQUIRE(numbers.size() == 3);
    CHECK(numbers[0].integer<std::uint8_t>() == 1);
    CHECK(numbers[1].integer<std::int64_t>() == -2);
    CHECK(numbers[2].integer<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
    CHECK(root.member("b").member("on").boolean());
    CHECK(root.member("c").choice(colors) == color::green);
    CHECK(root.member("c").text(5) == "green");
    CHECK_FALSE(root.nullable("d"));
    CHECK_FALSE(root.optional("d"));
    CHECK_FALSE(root.optional("e"));
    CHECK(root.optional("c")->text(5) == "green");
    const auto members = root.members(4);
    REQUIRE(members.size() == 4);
    CHECK(members[1].first == "b");
    CHECK(members[1].second.member("on").boolean());
    CHECK(document.fault() == std::nullopt);
    CHECK(document.result(1) == 1);
}

TEST_CASE("json_reader: what is wrong is told with its place") {
    const auto value = json::parse(R"({"a": [0, {"b": 256}], "c": "blue", "d": "0g", "e": "000"})");
    const auto fault = [&](const auto& read) { return fault_of(value, read); };
    CHECK(fault([](auto root) { root.member("a").elements(2)[1].member("x").boolean(); }) ==
          "a[1]: \"x\" is missing");
    CHECK(fault([](auto root) {
              root.member("a").elements(2)[1].member("b").template integer<std::uint8_t>();
          }) == "a[1].b: it is not a whole number from 0 to 255");
    CHECK(fault([](auto root) { root.member("c").choice(colors); }) ==
          "c: it is not one of the known names");
    CHECK(fault([](auto root) { root.member("c").text(3); }) == "c: it is longer than 3 octets");
    CHECK(fault([](auto root) { root.member("c").template integer<int>(1, 5); }) ==
          "c: it is not a whole number from 1 to 5");
    CHECK(fault([](auto root) { root.member("c").boolean(); }) ==
          "c: it is neither true nor false");
    CHECK(fault([](auto root) { root.member("a").text(3); }) == "a: it is not a string");
    CHECK(fault([](auto root) { root.member("a").octets(3); }) == "a: it is not a string");
    CHECK(fault([](auto root) { root.member("d").octets(1); }) ==
          "d: it is not octets of two digits each");
    CHECK(fault([](auto root) { root.member("e").octets(2); }) ==
          "e: it is not octets of two digits each");
    CHECK(fault([](auto root) { root.member("c").octets(1); }) == "c: it is more than 1 octets");
    CHECK(fault([](auto root) { root.member("a").elements(1); }) ==
          "a: it has more than 1 elements");
    CHECK(fault([](auto root) { root.elements(1); }) == "it is not an array");
    CHECK(fault([](auto root) { root.members(3); }) == "it has more than 3 keys");
    CHECK(fault([](auto root) { root.member("a").members(3); }) == "a: it is not an object");
    CHECK(fault([](auto root) { root.member("a").optional("b"); }) == "a: it is not an object");
    CHECK(fault([](auto root) { root.nullable("f"); }) == "\"f\" is missing");
    CHECK(fault([](auto root) { root.member("c").fail("it is blue"); }) == "c: it is blue");
}

TEST_CASE("json_reader: the first fault counts, and what follows from it is none") {
    const auto value = json::parse(R"({"a": 1})");
    json_document document(value);
    const auto nothing = document.root().member("b").member("c");
    CHECK(nothing.integer<int>(3, 5) == 0);
    CHECK(nothing.text(3).empty());
    CHECK(nothing.octets(3).empty());
    CHECK(nothing.elements(3).empty());
    CHECK(nothing.members(3).empty());
    CHECK_FALSE(nothing.boolean());
    CHECK_FALSE(nothing.optional("d"));
    CHECK(nothing.choice(colors) == color::red);
    CHECK(nothing.value().is_null());
    document.root().member("a").boolean();
    CHECK(document.fault() == "\"b\" is missing");
    CHECK(document.result(1) == std::unexpected(std::string("\"b\" is missing")));
}

TEST_CASE("json_reader: a number is whole, and fits") {
    const auto fault = [](std::string_view text) {
        return fault_of(json::parse(text),
                        [](auto root) { root.template integer<std::int64_t>(); });
    };
    const std::string wrong =
        "it is not a whole number from -9223372036854775808 to 9223372036854775807";
    CHECK(fault("-9223372036854775808") == "nothing");
    CHECK(fault("9223372036854775808") == wrong);
    CHECK(fault("1.0") == wrong);
    CHECK(fault("1e3") == wrong);
    CHECK(fault("\"1\"") == wrong);
    CHECK(fault("null") == wrong);
    CHECK(fault_of(json::parse("-1"), [](auto root) { root.template integer<std::uint64_t>(); }) ==
          "it is not a whole number from 0 to 18446744073709551615");
}

TEST_CASE("json_reader: a place has no more of a stranger's key than can be shown") {
    const auto value = json::parse(R"({"\u001b)" + std::string(100, 'x') + R"(": 1})");
    CHECK(fault_of(value, [](auto root) { root.members(1)[0].second.boolean(); }) ==
          "?" + std::string(63, 'x') + ": it is neither true nor false");
}

TEST_CASE("json_values: times come back to the nanosecond") {
    using std::chrono::steady_clock;
    using std::chrono::system_clock;
    const auto steady = [](json_reader from) { return from.steady_time(); };
    const auto wall = [](json_reader from) { return from.wall_time(); };
    for (const auto time : {steady_clock::time_point(), steady_clock::time_point::min(),
                            steady_clock::time_point(std::chrono::nanoseconds(1))})
        CHECK(read_back(json_time(time), steady) == time);
    for (const auto time : {system_clock::time_point(), system_clock::time_point::max()})
        CHECK(read_back(json_time(time), wall) == time);
    using std::chrono::seconds;
    const auto number = json::value(3);
    json_document document(number);
    CHECK(document.root().duration(seconds(0), seconds(3)) == seconds(3));
    CHECK(document.fault() == std::nullopt);
    document.root().duration(seconds(0), seconds(2));
    CHECK(document.fault() == "it is not a whole number from 0 to 2");
}

TEST_CASE("json_values: text and octets come back as they were, whatever is in them") {
    const auto text = [](json_reader from) { return from.text(16); };
    for (const std::string each : {"", "eth0", "Zürich", "a\nb", "\xFF\x80", "\x1B[2J"})
        CHECK(read_back(json_text(each), text) == each);
    CHECK(json_text("Zürich") == json::value("Zürich"));
    CHECK(json::serialize(json_text("\xFF")) == R"({"octets":"ff"})");
    const std::vector<std::uint8_t> all{0, 1, 0x9A, 0xBC, 0xDE, 0xFF};
    CHECK(json_octets(all) == json::value("00019abcdeff"));
    CHECK(read_back(json_octets(all), [](json_reader from) { return from.octets(6); }) == all);
    CHECK(fault_of(json_text("\xFF\xFF"), [](auto root) { root.text(1); }) ==
          "octets: it is more than 1 octets");
}

TEST_CASE("json_values: a number with a fraction comes back to its last bit") {
    for (const double each : {0.0, 0.1 + 0.2, 1e-300, 1.7976931348623157e308, 5e-324, 3.0})
        CHECK(read_back(json_number(each), read_number) == each);
    for (const auto* const each : {"", "nan", "inf", "-1", "-0", "1x", " 1", "1e999", "0x1"})
        CHECK(fault_of(each, read_number) == "it is not a number from 0 on");
    CHECK(fault_of(0.5, read_number) == "it is not a string");
}

TEST_CASE("json_values: addresses come back with the number of their scope") {
    for (const auto* const each : {"192.0.2.1", "2001:db8::1", "::", "fe80::1"})
        CHECK(read_back(json_address(ip::make_address(each)), read_address) ==
              ip::make_address(each));
    const auto scoped = ip::address_v6(ip::make_address_v6("fe80::1").to_bytes(), 4294967295);
    CHECK(json_address(scoped) == json::value("fe80::1%4294967295"));
    CHECK(read_back(json_address(scoped), read_address_v6) == scoped);
    CHECK(read_back(json::value("192.0.2.1"), read_address_v4) == ip::make_address("192.0.2.1"));
    for (const auto* const each : {"", "eth0", "192.0.2.1%1", "fe80::1%eth0", "fe80::1%",
                                   "fe80::1%4294967296", "192.0.2.0/24"})
        CHECK(fault_of(each, read_address) == "it is not an address");
    CHECK(fault_of("::1", read_address_v4) == "it is not an IPv4 address");
    CHECK(fault_of("127.0.0.1", read_address_v6) == "it is not an IPv6 address");
}

TEST_CASE("json_values: errors come back as what they are, those of strangers as EIO") {
    const std::error_code eof = boost::system::error_code(boost::asio::error::eof);
    const std::error_code reset = boost::system::error_code(boost::asio::error::connection_reset);
    for (const auto& each :
         {std::error_code(), eof, reset, std::error_code(1, std::system_category()),
          std::make_error_code(std::errc::bad_message)}) {
        const auto again = read_back(json_error(each), read_error);
        CHECK(again == each);
        CHECK(again.message() == each.message());
    }
    CHECK(json::serialize(json_error(eof)) == R"({"category":"asio.misc","value":2})");
    CHECK(read_back(json::parse(R"({"category": "odd", "value": 7})"), read_error) ==
          std::errc::io_error);
    CHECK(fault_of(json::parse(R"({"category": "odd"})"), read_error) == "\"value\" is missing");
    CHECK(fault_of(json::parse(R"({"category": "generic", "value": 0})"), read_error) ==
          "value: it is 0, which is no error");
    CHECK(fault_of(json::parse(R"({"category": 1, "value": 7})"), read_error) ==
          "category: it is not a string");
}
