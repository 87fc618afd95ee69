#include "herald/text/nearest.hpp"

#include <array>
#include <doctest/doctest.h>
#include <string>

using herald::text::nearest;

TEST_CASE("nearest: a slip of the keyboard finds what was meant, anything else nothing") {
    constexpr std::array<std::string_view, 4> words{"neighbor", "neighbors", "drain", "log"};
    CHECK(nearest("neighbors", words) == "neighbors");
    CHECK(nearest("nieghbors", words) == "neighbors");
    CHECK(nearest("drian", words) == "drain");
    CHECK(nearest("lgo", words) == std::nullopt); // as near to many other short words
    CHECK(nearest("logs", words) == "log");
    CHECK(nearest("dance", words) == std::nullopt);
    CHECK(nearest("", words) == std::nullopt);
    CHECK(nearest(std::string(33, 'n'), words) == std::nullopt);
}
