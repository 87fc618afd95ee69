#include "herald/fleet/record_json.hpp"

#include "herald/text/time.hpp"

#include <doctest/doctest.h>

using namespace herald;
using namespace herald::fleet;

namespace {

wall_time at(std::string_view text) {
    return text::from_rfc3339(text).value();
}

record sample() {
    return {.site = "madrid",
            .health = "down",
            .heard = net::announcement::none,
            .neighbors = 2,
            .reason = "drained",
            .cause = "check \"http\": 503",
            .since = at("2026-01-31T08:00:00.123456789Z"),
            .permit =
                permit{permit_reason::drain, "alice", "kernel update", at("2026-01-31T07:00:00Z")}};
}

const std::string text_of_sample =
    R"({"site":"madrid","health":"down","heard":"none","neighbors":2,"reason":"drained",)"
    R"("cause":"check \"http\": 503","since":"2026-01-31T08:00:00.123456789Z",)"
    R"("permit":{"reason":"drain","by":"alice","note":"kernel update",)"
    R"("since":"2026-01-31T07:00:00Z"}})";

std::string fault_of(std::string_view text) {
    const auto read = record_from_json(text);
    REQUIRE_FALSE(read);
    return read.error();
}

std::string replaced(std::string_view what, std::string_view by) {
    auto text = text_of_sample;
    const auto place = text.find(what);
    REQUIRE(place != std::string::npos);
    return text.replace(place, what.size(), by);
}

} // namespace

TEST_CASE("record_json: a record is written as one object, and reads back the same") {
    CHECK(to_json(sample()) == text_of_sample);
    CHECK(record_from_json(text_of_sample) == sample());
}

TEST_CASE("record_json: without a permit there is no such member") {
    auto said = sample();
    said.permit.reset();
    CHECK_FALSE(to_json(said).contains("permit"));
    CHECK(record_from_json(to_json(said)) == said);
}

TEST_CASE("record_json: every announcement and both reasons of a permit read back") {
    using enum net::announcement;
    for (const auto heard : {none, normal, degraded, draining, down, held})
        for (const auto reason : {permit_reason::health, permit_reason::drain}) {
            auto said = sample();
            said.heard = heard;
            said.permit->reason = reason;
            CHECK(record_from_json(to_json(said)) == said);
        }
}

TEST_CASE("record_json: what a later version adds is ignored, and missing texts are empty") {
    CHECK(record_from_json(replaced("{\"site\"", "{\"load\":{\"cpu\":3},\"site\"")) == sample());
    CHECK(record_from_json(replaced("{\"reason\":\"drain\"", "{\"till\":1,\"reason\":\"drain\"")) ==
          sample());
    auto said = sample();
    said.cause.clear();
    CHECK(record_from_json(replaced(R"("cause":"check \"http\": 503",)", "")) == said);
}

TEST_CASE("record_json: what cannot be read is a line for people") {
    CHECK(fault_of("").starts_with("not JSON: "));
    CHECK(fault_of("[]") == "not an object");
    CHECK(fault_of("{}") == "\"heard\" is missing");
    CHECK(fault_of(replaced("\"none\"", "\"away\"")) == "\"heard\" is not one of the known states");
    CHECK(fault_of(replaced("\"madrid\"", "7")) == "\"site\" is not a text");
    for (const auto* number : {"-1", "4294967296", "1.5", "\"2\""})
        CHECK(fault_of(replaced(":2", std::string(":") + number)) ==
              "\"neighbors\" is not a number from 0 to 4294967295");
    CHECK(fault_of(replaced("2026-01-31T08", "yesterday")) ==
          "\"since\" is not a time in UTC (RFC 3339)");
    CHECK(fault_of(replaced("\"drain\"", "\"fun\"")) ==
          "permit: \"reason\" is neither health nor drain");
    CHECK(fault_of(replaced("\"reason\":\"drain\",", "")) == "permit: \"reason\" is missing");
    const auto permit = text_of_sample.substr(text_of_sample.find("{\"reason\":\"drain\""));
    CHECK(fault_of(replaced(permit, "true}")) == "\"permit\" is not an object");
}

TEST_CASE("record_json: no cut of a record reads as one, and none does harm") {
    for (std::size_t end = 0; end < text_of_sample.size(); ++end)
        CHECK_FALSE(record_from_json(text_of_sample.substr(0, end)));
}

TEST_CASE("record_json: a presence is written without what only the store knows") {
    const presence said{"8d3f", "madrid-1.example", 5, 9};
    CHECK(to_json(said) == R"({"instance":"8d3f","host":"madrid-1.example"})");
    CHECK(presence_from_json(to_json(said)) == presence{"8d3f", "madrid-1.example", 0, 0});
    CHECK(presence_from_json("{\"instance\":1}").error() == "\"instance\" is not a text");
    CHECK(presence_from_json("1").error() == "not an object");
}

TEST_CASE("record_json: with a check's output that is not UTF-8 a storable record reads back") {
    auto said = sample();
    said.cause = "503 \xff\x1b[31m";
    said.permit->note = "\xc3";
    const auto kept = storable(said);
    CHECK(kept.cause == "503 ??[31m");
    CHECK(record_from_json(to_json(kept)) == kept);
    CHECK(storable(kept) == kept);
}
