#pragma once

#include "fixture.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace herald::control::test {

using words = std::vector<std::string>;

/// The sample as of now, so that ages are what the sample says.
struct lively : world {
    wall_time now = std::chrono::system_clock::now();

    lively() {
        on_loop([&] { daemon.shown = sample(now); });
    }

    ran run(words arguments) const {
        arguments.insert(arguments.begin(), {"--socket", socket().native()});
        return heraldctl(arguments);
    }
};

inline ran printed(std::string out) {
    return {0, std::move(out), ""};
}
inline ran refused(std::string err) {
    return {1, "", "heraldctl: " + err + "\n"};
}
inline ran misused(std::string err) {
    return {2, "", "heraldctl: " + err + "\n"};
}

} // namespace herald::control::test
