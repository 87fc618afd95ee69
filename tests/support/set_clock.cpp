// Sets the wall clock of the program that preloads it, as often as a test likes: by the seconds
// that the file $WALL_CLOCK_OFFSET says now. The monotonic clock and every timer go as ever.

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>

namespace {

/// Aborts where there is nothing to read: a test whose clock has not moved would prove nothing.
long offset() {
    auto* const file = std::fopen(std::getenv("WALL_CLOCK_OFFSET"), "re");
    long seconds = 0;
    if (file == nullptr || std::fscanf(file, "%ld", &seconds) != 1)
        std::abort();
    std::fclose(file);
    return seconds;
}

} // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
    static auto* const original =
        reinterpret_cast<decltype(&clock_gettime)>(dlsym(RTLD_NEXT, "clock_gettime"));
    const int result = original(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME)
        time->tv_sec += offset();
    return result;
}
