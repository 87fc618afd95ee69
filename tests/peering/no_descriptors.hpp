#pragma once

#include "tests/support/sanitized.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

namespace herald::peering::test {

// UndefinedBehaviorSanitizer looks at objects through a pipe of its own: without descriptors it
// takes each for invalid.
using herald::test::sanitized;

/// While it lives this process opens no descriptor.
class no_descriptors {
public:
    no_descriptors() {
        REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
        auto none = before_;
        none.rlim_cur = 0;
        REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    }
    ~no_descriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
    no_descriptors(const no_descriptors&) = delete;
    no_descriptors& operator=(const no_descriptors&) = delete;

private:
    rlimit before_{};
};

} // namespace herald::peering::test
