#include "fixture.hpp"

#include <doctest/doctest.h>

using namespace herald::control;
using namespace herald::control::test;

TEST_CASE("try") {
    world here;
    here.on_loop([&] { here.daemon.shown = sample(std::chrono::system_clock::now()); });
    for (std::vector<std::string> args : std::vector<std::vector<std::string>>{
             {"status"},
             {"neighbors"},
             {"neighbors", "leaf1"},
             {"neighbors", "leaf2"},
             {"services"},
             {"services", "dns"},
             {"services", "web"},
             {"checks"},
             {"routes"},
             {"drain", "dns", "--for", "10m"},
             {"drain", "dns", "nope"},
             {"wait", "--service", "dns", "--withdrawn", "--timeout", "500ms"},
             {"--json", "neighbors", "leaf2"}}) {
        auto values = args;
        values.insert(values.begin(), {"--socket", here.socket()});
        auto r = heraldctl(values);
        MESSAGE(args.front(), " -> ", r.status, "\n", r.out, "--\n", r.err);
    }
}
