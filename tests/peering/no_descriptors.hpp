#pragma once

#include <doctest/doctest.h>
#include <sys/resource.h>

namespace herald::peering::test {

// UndefinedBehaviorSanitizer looks at objects through a pipe of its own: without descriptors it
// takes each for invalid.
#ifdef __has_feature
inline constexpr bool sanitized = __has_feature(undefined_behavior_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

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
