#include "herald/text/time.hpp"

#include <doctest/doctest.h>

namespace herald::text {
namespace {

using namespace std::chrono;
using time_point = system_clock::time_point;

TEST_CASE("rfc3339: times are written in UTC and read back, RFC 3339 §5.6") {
    struct row {
        time_point time;
        std::string text;
    };
    const row rows[] = {
        {time_point(0s), "1970-01-01T00:00:00Z"},
        {sys_days(2025y / 1 / 31) + 8h + 5min + 9s, "2025-01-31T08:05:09Z"},
        {sys_days(2024y / 2 / 29) + 23h + 59min + 59s, "2024-02-29T23:59:59Z"},
        {sys_days(2025y / 1 / 31) + 250ms, "2025-01-31T00:00:00.25Z"},
        {sys_days(2025y / 1 / 31) + 1ns, "2025-01-31T00:00:00.000000001Z"},
        {time_point(-1ns), "1969-12-31T23:59:59.999999999Z"},
        {sys_days(2261y / 12 / 31), "2261-12-31T00:00:00Z"},
    };
    for (const auto& [time, text] : rows) {
        CHECK(to_rfc3339(time) == text);
        CHECK(from_rfc3339(text) == time);
    }
}

TEST_CASE("rfc3339: with as many digits of the fraction as are asked for") {
    const auto time = sys_days(2025y / 1 / 31) + 1500us;
    CHECK(to_rfc3339(time, 3) == "2025-01-31T00:00:00.001Z");
    CHECK(to_rfc3339(time, 6) == "2025-01-31T00:00:00.001500Z");
    CHECK(to_rfc3339(time_point(-1ms), 3) == "1969-12-31T23:59:59.999Z");
    CHECK(to_rfc3339(time_point(0s), 3) == "1970-01-01T00:00:00.000Z");
}

TEST_CASE("rfc3339: anything else is no time") {
    const std::string_view texts[] = {
        "",
        "Z",
        "2025-01-31",
        "2025-01-31T08:00:00",
        "2025-01-31T08:00:00z",
        "2025-01-31 08:00:00Z",
        "2025-01-31T08:00:00+00:00",
        "2025-01-31T08:00:00ZZ",
        "2025-01-31T08:00Z",
        "2025-1-31T08:00:00Z",
        "2025-01-31T08:00:00.Z",
        "2025-01-31T08:00:00.1",
        "2025-01-31T08:00:00.xZ",
        "2025-01-31T08:00:00.1234567890Z",
        "2025-02-29T08:00:00Z",
        "2025-13-01T08:00:00Z",
        "2025-00-01T08:00:00Z",
        "2025-01-00T08:00:00Z",
        "2025-01-31T24:00:00Z",
        "2025-01-31T08:60:00Z",
        "2025-01-31T08:00:60Z",
        "-025-01-31T08:00:00Z",
        "1677-12-31T00:00:00Z",
        "2262-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    };
    for (auto text : texts) {
        CAPTURE(text);
        CHECK(from_rfc3339(text) == std::nullopt);
    }
}

} // namespace
} // namespace herald::text
