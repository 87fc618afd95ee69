#include "herald/text/duration.hpp"

#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <utility>
#include <vector>

namespace herald::text {
namespace {

using namespace std::chrono_literals;

TEST_CASE("parse_duration: numbers with units add up") {
    const std::vector<std::pair<std::string_view, std::chrono::milliseconds>> rows{
        {"1ms", 1ms},        {"500ms", 500ms},    {"1s", 1s},       {"5m", 5min},
        {"1h", 1h},          {"2d", 48h},         {"1h30m", 90min}, {"3d04h", 76h},
        {"1s500ms", 1500ms}, {"366d", 366 * 24h}, {"2w", 14 * 24h}, {"30m1h", 90min},
        {"0h5m", 5min},
    };
    for (const auto& [text, duration] : rows) {
        CAPTURE(text);
        CHECK(parse_duration(text) == duration);
    }
}

TEST_CASE("parse_duration: nothing is a duration too") {
    for (const auto* text : {"0", "0s", "00ms", "0d0h"}) {
        CAPTURE(text);
        CHECK(parse_duration(text) == 0ms);
    }
}

TEST_CASE("parse_duration: anything else is refused") {
    for (const auto* text :
         {"", "10", "00", "m", "10 m", " 1s", "1s ", "-1s", "+1s", "1.5s", "10min", "1h30", "1sx",
          "1H", "1h-30m", "99999999999999999999s", "\xff"}) {
        CAPTURE(text);
        CHECK(parse_duration(text).error() ==
              "not a duration such as \"500ms\", \"10m\" or \"1h30m\"");
    }
    for (const auto* text : {"367d", "53w", "366d1ms", "18446744073709551615d",
                             "18446744073709551615ms", "366d366d366d366d"}) {
        CAPTURE(text);
        CHECK(parse_duration(text).error() == "more than 366 days");
    }
}

TEST_CASE("parse_positive_duration: a refusal quotes what it refuses, harmlessly") {
    CHECK(parse_positive_duration("1h30m") == 90min);
    const auto refusal = [](std::string_view text) {
        return parse_positive_duration(text).error();
    };
    CHECK(refusal("soon\x1b") ==
          "\"soon?\" is not a duration such as \"500ms\", \"10m\" or \"1h30m\"");
    CHECK(refusal("0s") == "\"0s\" is no time at all");
    CHECK(refusal("0") == "\"0\" is no time at all");
    CHECK(refusal("367d") == "\"367d\" is more than 366 days");
}

TEST_CASE("exact_duration: nothing is lost, and it is read back") {
    const std::vector<std::pair<std::chrono::milliseconds, std::string_view>> rows{
        {0ms, "0s"},  {1ms, "1ms"}, {1500ms, "1500ms"}, {90s, "90s"},
        {5min, "5m"}, {24h, "24h"}, {65535s, "65535s"},
    };
    for (const auto& [duration, text] : rows) {
        CHECK(exact_duration(duration) == text);
        CHECK(parse_duration(text) == duration);
    }
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

} // namespace
} // namespace herald::text
