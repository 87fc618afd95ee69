#include "herald/daemon/planned_restart.hpp"

#include "tests/support/temporary_directory.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

using namespace herald;
using namespace herald::daemon;

TEST_CASE("try_host: a host that the daemon can start on is left as it was") {
    const test::temporary_directory directory;
    CHECK(try_host({}, directory.path() / "state"));
    CHECK(std::filesystem::is_empty(directory.path() / "state"));
}

TEST_CASE("try_host: a group that the host does not have would keep the daemon from starting") {
    const test::temporary_directory directory;
    control::control_settings control;
    control.group = "no-such-group";
    CHECK(try_host(control, directory.path()).error() ==
          "control.group: there is no group \"no-such-group\"");
    CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("try_host: a state directory that is a file would too") {
    const test::temporary_directory directory;
    const auto state = directory.path() / "state";
    std::ofstream(state).put('x');
    CHECK(try_host({}, state).error() ==
          "cannot write the state directory " + state.string() + ": Not a directory");
}
