#include "herald/daemon/state_directory.hpp"

#include "tests/support/temporary_directory.hpp"

#include <doctest/doctest.h>
#include <fstream>
#include <optional>

using namespace herald;
using namespace herald::daemon;

TEST_CASE("state_directory: is created where it is missing, and held by one at a time") {
    test::temporary_directory directory;
    auto path = directory.path() / "a" / "b";
    auto first = state_directory::open(path);
    REQUIRE(first);
    CHECK(state_directory::open(path).error() ==
          "cannot use the state directory " + path.string() + ": another heraldd is using it");
    {
        auto moved = std::move(*first);
        CHECK_FALSE(state_directory::open(path));
    }
    CHECK(state_directory::open(path));
}

TEST_CASE("state_directory: what cannot be a directory is an error that names it") {
    test::temporary_directory directory;
    auto path = directory.path() / "file";
    std::ofstream(path) << "here already";
    CHECK(state_directory::open(path / "state")
              .error()
              .starts_with("cannot create the state directory " + (path / "state").string()));
}
