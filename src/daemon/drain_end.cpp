#include "herald/daemon/drain_end.hpp"

#include <ctime>
#include <sys/timex.h>
#include <unistd.h>

namespace herald::daemon {

clock_reading read_clock() {
    timespec since_boot{};
    static_cast<void>(::clock_gettime(CLOCK_BOOTTIME, &since_boot));
    timex kernel{};                              // its modes of 0: nothing is changed
    const bool known = ::adjtimex(&kernel) >= 0; // which a service manager may forbid
    return {std::chrono::system_clock::now(),
            std::chrono::seconds(since_boot.tv_sec) + std::chrono::nanoseconds(since_boot.tv_nsec),
            (known && (kernel.status & STA_UNSYNC) == 0) ||
                ::access("/run/systemd/timesync/synchronized", F_OK) == 0};
}

bool tells_end_of(const service::drain& drain, const clock_reading& clock) {
    return drain.since <= clock.now &&
           (clock.synchronised || drain.since >= clock.now - clock.uptime);
}

std::optional<service::drain> taken_up(const service::drain& drain, const clock_reading& clock) {
    if (!drain.until)
        return drain;
    auto in_force = drain;
    if (!tells_end_of(drain, clock))
        in_force.until = clock.now + (*drain.until - drain.since);
    else if (*drain.until <= clock.now)
        return std::nullopt;
    return in_force;
}

} // namespace herald::daemon
