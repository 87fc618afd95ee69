#include "herald/control/duration_text.hpp"
#include "herald/control/json_text.hpp"
#include "herald/control/time_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <vector>

using namespace herald::control;
using namespace std::chrono_literals;

TEST_CASE("parse_duration: numbers with units add up") {
    const std::vector<std::pair<std::string_view, std::chrono::milliseconds>> rows{
        {"1ms", 1ms}, {"500ms", 500ms}, {"1s", 1s},     {"5m", 5min},        {"1h", 1h},
        {"2d", 48h},  {"1h30m", 90min}, {"3d04h", 76h}, {"1s500ms", 1500ms}, {"366d", 366 * 24h},
    };
    for (const auto& [text, duration] : rows) {
        CAPTURE(text);
        CHECK(parse_duration(text) == duration);
    }
}

TEST_CASE("parse_duration: anything else is refused with a line that quotes it") {
    const auto refusal = [](std::string_view text) { return parse_duration(text).error(); };
    for (const auto* text : {"", "10", "m", "10 m", "-1s", "+1s", "1.5s", "10min", "1h30", "1sx",
                             "99999999999999999999s"}) {
        CAPTURE(text);
        CHECK(refusal(text) == "\"" + std::string(text) +
                                   "\" is not a duration such as \"500ms\", \"10m\" or \"1h30m\"");
    }
    CHECK(refusal("0s") == "\"0s\" is no time at all");
    CHECK(refusal("367d") == "\"367d\" is more than 366 days");
    CHECK(refusal("18446744073709551615d") == "\"18446744073709551615d\" is more than 366 days");
}

TEST_CASE("from_seconds: the same bounds as a text") {
    CHECK(from_seconds(0.001) == 1ms);
    CHECK(from_seconds(31622400) == 366 * 24h);
    for (const double count : {0.0, -1.0, 0.0009, 31622401.0, 1e300,
                               std::numeric_limits<double>::infinity(), std::nan("")}) {
        CAPTURE(count);
        CHECK(from_seconds(count) == std::nullopt);
    }
}

TEST_CASE("humanise: the two units that matter") {
    const std::vector<std::pair<std::chrono::milliseconds, std::string_view>> rows{
        {-5s, "0s"},
        {0ms, "0s"},
        {1ms, "1ms"},
        {999ms, "999ms"},
        {1999ms, "1s"},
        {59s, "59s"},
        {60s, "1m00s"},
        {725s, "12m05s"},
        {3599s, "59m59s"},
        {3600s, "1h00m"},
        {2h + 7min, "2h07m"},
        {24h, "1d00h"},
        {76h + 59min, "3d04h"},
    };
    for (const auto& [duration, text] : rows)
        CHECK(humanise(duration) == text);
}

TEST_CASE("to_text: a time is RFC 3339 in UTC with milliseconds") {
    CHECK(to_text(wall_time{1500us}) == "1970-01-01T00:00:00.001Z");
}

TEST_CASE("to_text: JSON is one line, with fractions as people write them") {
    namespace json = boost::json;
    CHECK(to_text(json::object{}) == "{}");
    CHECK(to_text(json::array{}) == "[]");
    CHECK(to_text(json::object{{"a", nullptr},
                               {"b", json::array{1, -2, 0.25, 1e-3, true, "x"}},
                               {"c", json::object{{"d", json::object{}}}}}) ==
          R"({"a":null,"b":[1,-2,0.25,0.001,true,"x"],"c":{"d":{}}})");
    CHECK(to_text(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(to_text(std::numeric_limits<double>::infinity()) == "null");
    CHECK(to_text(std::nan("")) == "null");
    CHECK(to_text("\"\\\n\x01") == R"("\"\\\n\u0001")");
}

TEST_CASE("to_text: bytes that are not UTF-8 become U+FFFD, RFC 3629 §4") {
    const std::vector<std::pair<std::string_view, std::string_view>> rows{
        {"é€\xf0\x9f\x98\x80", "\"é€\xf0\x9f\x98\x80\""}, // as they are
        {"a\xff"
         "b",
         "\"a�b\""},
        {"\x80", "\"�\""},                // continues nothing
        {"\xc3", "\"�\""},                // cut short
        {"\xe2\x82", "\"��\""},           // cut short
        {"\xc0\xaf", "\"��\""},           // overlong
        {"\xe0\x80\x80", "\"���\""},      // overlong
        {"\xed\xa0\x80", "\"���\""},      // a surrogate
        {"\xf4\x90\x80\x80", "\"����\""}, // beyond U+10FFFF
    };
    for (const auto& [bytes, text] : rows) {
        CHECK(to_text(boost::json::value(bytes)) == text);
        boost::json::error_code error;
        boost::json::parse(to_text(boost::json::value(bytes)), error);
        CHECK(!error);
    }
}
