#include "herald/service/stored_drains.hpp"

#include <doctest/doctest.h>

namespace herald::service {
namespace {

using namespace std::chrono;

const stored_drains two_drains{
    {"dns",
     {.since = sys_days(2025y / 1 / 31) + 8h,
      .until = sys_days(2025y / 2 / 1) + 500ms,
      .immediate = true,
      .reason = "kernel \"6.1\" {a:b}, \xc3\xa9",
      .by = "alice"}},
    {"web: \"x\"",
     {.since = sys_days(2025y / 1 / 30), .until = {}, .immediate = false, .reason = {}, .by = {}}},
};

const std::string two_drains_text = R"({"version":1,"drains":{)"
                                    R"("dns":{"since":"2025-01-31T08:00:00Z",)"
                                    R"("until":"2025-02-01T00:00:00.5Z",)"
                                    R"("immediate":true,)"
                                    R"("reason":"kernel \"6.1\" {a:b}, )"
                                    "\xc3\xa9"
                                    R"(","by":"alice"},)"
                                    R"("web: \"x\"":{"since":"2025-01-30T00:00:00Z",)"
                                    R"("immediate":false,)"
                                    R"("reason":"","by":""}}})"
                                    "\n";

std::string wrong_with(const std::string& text) {
    auto drains = from_json(text);
    return drains ? "nothing" : drains.error();
}

/// The file with these as its drains.
std::string file_with(const std::string& drains) {
    return R"({"version":1,"drains":)" + drains + "}\n";
}

/// The file with one drain of these fields.
std::string file_of_one(const std::string& fields) {
    return file_with("{\"dns\":{" + fields + "}}");
}

TEST_CASE("drains: written and read back") {
    CHECK(to_json(two_drains) == two_drains_text);
    CHECK(from_json(two_drains_text) == two_drains);
    CHECK(to_json({}) == file_with("{}"));
    CHECK(from_json(file_with("{}")) == stored_drains());
}

TEST_CASE("drains: white space between the values does not matter") {
    CHECK(from_json("{ \"drains\" : {\n} ,\n \"version\" : 1 }\n") == stored_drains());
}

TEST_CASE("drains: a file cut short anywhere is an error, empty included") {
    CHECK(wrong_with("") == "empty");
    for (std::size_t length = 1; length < two_drains_text.size(); ++length)
        CHECK(wrong_with(two_drains_text.substr(0, length)) == "cut short");
}

TEST_CASE("drains: a file with any octet flipped is never read as fewer drains") {
    for (std::size_t i = 0; i < two_drains_text.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            auto text = two_drains_text;
            text[i] = static_cast<char>(text[i] ^ (1 << bit));
            auto drains = from_json(text);
            CHECK((!drains || drains->size() == two_drains.size()));
        }
    }
}

TEST_CASE("drains: what is not ours is refused with what is wrong") {
    CHECK(wrong_with("\0\0\0\0").starts_with("empty"));
    CHECK(wrong_with(std::string(100, '\0')).starts_with("not JSON: "));
    CHECK(wrong_with("nonsense\n").starts_with("not JSON: "));
    CHECK(wrong_with(file_with("{}") + "x\n").starts_with("not JSON: "));
    CHECK(wrong_with(std::string(100000, '[')).starts_with("not JSON: "));
    CHECK(wrong_with("{}\n") == "not a file of drains: it has no \"version\"");
    CHECK(wrong_with("[]\n") == "not a file of drains: it has no \"version\"");
    CHECK(wrong_with("{\"version\":2,\"drains\":{}}\n") ==
          "version 2 is not one this program knows (1)");
    CHECK(wrong_with("{\"version\":\"1\",\"drains\":{}}\n") ==
          "version \"1\" is not one this program knows (1)");
    CHECK(wrong_with("{\"version\":1}\n") == "\"drains\" is missing or not an object");
    CHECK(wrong_with(file_with("[]")) == "\"drains\" is missing or not an object");
    CHECK(wrong_with("{\"version\":1,\"drains\":{},\"more\":1}\n") ==
          "unknown keys beside \"version\" and \"drains\"");
}

TEST_CASE("drains: a drain with a wrong, a missing or an unknown field is refused") {
    const std::string since = R"("since":"2025-01-31T08:00:00Z",)";
    CHECK(wrong_with(file_with(R"({"dns":1})")) == "service \"dns\": not an object");
    CHECK(wrong_with(file_of_one(R"("immediate":true,"reason":"")")) ==
          "service \"dns\": \"since\" is missing");
    CHECK(wrong_with(file_of_one(since + R"("reason":"")")) ==
          "service \"dns\": \"immediate\" is missing");
    CHECK(wrong_with(file_of_one(since + R"("immediate":true)")) ==
          "service \"dns\": \"reason\" is missing");
    CHECK(wrong_with(file_of_one(R"("since":0)")) ==
          "service \"dns\": \"since\" is not a time in UTC (RFC 3339)");
    CHECK(wrong_with(file_of_one(R"("until":"tomorrow")")) ==
          "service \"dns\": \"until\" is not a time in UTC (RFC 3339)");
    CHECK(wrong_with(file_of_one(R"("immediate":"no")")) ==
          "service \"dns\": \"immediate\" is neither true nor false");
    CHECK(wrong_with(file_of_one(R"("reason":null)")) ==
          "service \"dns\": \"reason\" is not a string");
    CHECK(wrong_with(file_of_one(R"("who":"root")")) == "service \"dns\": unknown key \"who\"");
}

TEST_CASE("drains: a key that comes twice is refused, at every level") {
    const std::string drain =
        R"({"since":"2025-01-31T08:00:00Z","immediate":true,"reason":"\\\"a:\""})";
    CHECK(wrong_with(file_with("{\"dns\":" + drain + "}")) == "nothing");
    CHECK(wrong_with(file_with("{\"dns\":" + drain + ",\"dns\":" + drain + "}")) ==
          "a key comes twice");
    CHECK(wrong_with("{\"version\":1,\"drains\":{},\"drains\":{}}\n") == "a key comes twice");
    CHECK(wrong_with("{\"version\":2,\"version\":1,\"drains\":{}}\n") == "a key comes twice");
    CHECK(wrong_with(file_of_one(R"("since":"2025-01-31T08:00:00Z","immediate":true,)"
                                 R"("immediate":false,"reason":"")")) == "a key comes twice");
}

} // namespace
} // namespace herald::service
