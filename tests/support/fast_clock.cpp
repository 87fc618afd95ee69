// Makes the monotonic clock of the program that preloads it go 100 times as fast, so that tests can
// see timers of minutes expire: LD_PRELOAD=fast_clock.so heraldd … The wall clock and the kernel's
// own timers (TCP's among them) go as ever.

#include <cstdint>
#include <ctime>
#include <dlfcn.h>
#include <sys/timerfd.h>

namespace {

constexpr std::int64_t factor = 100;
constexpr std::int64_t second = 1'000'000'000;

template <class Function>
Function* next(Function*, const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::int64_t nanoseconds(const timespec& time) {
    return time.tv_sec * second + time.tv_nsec;
}

timespec from_nanoseconds(std::int64_t time) {
    return {time / second, time % second};
}

} // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
    static auto* const original = next(&clock_gettime, "clock_gettime");
    const int result = original(clock, time);
    if (result == 0 && clock == CLOCK_MONOTONIC)
        *time = from_nanoseconds(nanoseconds(*time) * factor);
    return result;
}

/// Asio's timers: relative ones. An absolute one of 1 ns is how it says "at once".
extern "C" int timerfd_settime(int descriptor, int flags, const itimerspec* asked,
                               itimerspec* before) noexcept {
    static auto* const original = next(&timerfd_settime, "timerfd_settime");
    itimerspec sooner = *asked;
    if ((flags & TFD_TIMER_ABSTIME) == 0 && nanoseconds(asked->it_value) > 0)
        sooner.it_value = from_nanoseconds(nanoseconds(asked->it_value) / factor + 1);
    return original(descriptor, flags, &sooner, before);
}
