#include "herald/control/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>

using namespace herald::control;

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

TEST_CASE("to_text: keys and values are harmless where they are shown as they are") {
    CHECK(to_text(boost::json::object{{"a\x7f", "b\xff\u202e"}}) == R"({"a\u007f":"b�\u202e"})");
}
