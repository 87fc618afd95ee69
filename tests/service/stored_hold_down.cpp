#include "herald/service/stored_hold_down.hpp"

#include <doctest/doctest.h>

using namespace herald::service;
using namespace std::chrono_literals;

namespace {

const wall_time midnight{480000h};

std::string wrong_with(const std::string& dns) {
    const auto read =
        hold_downs_from_json("{\"version\":1,\"hold_downs\":{\"dns\":" + dns + "}}\n");
    return read ? "nothing" : read.error();
}

} // namespace

TEST_CASE("stored_hold_down: the text is read as it was written, to the nanosecond") {
    const stored_hold_downs all{{"dns", {3, midnight + 1ns, midnight - 1h}}};
    CHECK(to_json(all) == "{\"version\":1,\"hold_downs\":{\"dns\":{\"flaps\":3,"
                          "\"until\":\"2024-10-04T00:00:00.000000001Z\","
                          "\"stable_since\":\"2024-10-03T23:00:00Z\"}}}\n");
    CHECK(hold_downs_from_json(to_json(all)) == all);
    CHECK(hold_downs_from_json(to_json(stored_hold_downs())) == stored_hold_downs());
}

TEST_CASE("stored_hold_down: nothing else is read") {
    CHECK(hold_downs_from_json("").error() == "empty");
    CHECK(wrong_with("1") == "service \"dns\": not an object");
    CHECK(wrong_with("{\"flaps\":-1}") == "service \"dns\": \"flaps\" is not a count");
    CHECK(wrong_with("{\"flaps\":1.5}") == "service \"dns\": \"flaps\" is not a count");
    CHECK(wrong_with("{\"flaps\":\"1\"}") == "service \"dns\": \"flaps\" is not a count");
    CHECK(wrong_with("{\"flaps\":1}") == "service \"dns\": \"until\" is missing");
    CHECK(wrong_with("{\"until\":0}") ==
          "service \"dns\": \"until\" is not a time in UTC (RFC 3339)");
    CHECK(wrong_with("{\"more\":0}") == "service \"dns\": unknown key \"more\"");
}
