#include "herald/control/metrics.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace herald::control {

namespace {

/// What proc_pid_stat(5) numbers from 14 on; those before the command's end do not matter here.
struct process_times {
    double cpu = 0;   // s, user and system
    double start = 0; // s after boot
    double virtual_bytes = 0;
    double resident_bytes = 0;
};

process_times read_times() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const auto name_end = line.rfind(')'); // the command may hold blanks and parentheses
    if (name_end == std::string::npos)
        return {};
    std::istringstream rest(line.substr(name_end + 1));
    std::array<std::string, 22> fields; // from the third of stat on
    for (auto& field : fields)
        rest >> field;
    const auto number = [&](std::size_t field) {
        return std::strtod(fields[field - 3].c_str(), nullptr);
    };
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    return {(number(14) + number(15)) / ticks, number(22) / ticks, number(23), number(24) * page};
}

/// When the machine was booted, in seconds since 1970. From the clocks: a confined service does not
/// see /proc/stat.
double boot_time() {
    const auto now = [](clockid_t clock) {
        timespec time{};
        static_cast<void>(::clock_gettime(clock, &time)); // of clocks that there are
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
    };
    return now(CLOCK_REALTIME) - now(CLOCK_BOOTTIME);
}

std::uint64_t open_descriptors() {
    std::error_code failed;
    std::uint64_t count = 0;
    for (std::filesystem::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end;
         at.increment(failed))
        ++count;
    return count > 0 ? count - 1 : 0; // but the one that counts
}

double most_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<double>(limit.rlim_cur);
}

} // namespace

void add_process_metrics(metrics_text& out) {
    const auto times = read_times();
    out.counter("process_cpu_seconds_total", "CPU time, user and system.");
    out.add({}, times.cpu);
    out.gauge("process_resident_memory_bytes", "Resident memory.");
    out.add({}, times.resident_bytes);
    out.gauge("process_virtual_memory_bytes", "Virtual memory.");
    out.add({}, times.virtual_bytes);
    out.gauge("process_open_fds", "Open file descriptors.");
    out.add({}, open_descriptors());
    out.gauge("process_max_fds", "File descriptors that may be open.");
    out.add({}, most_descriptors());
    out.gauge("process_start_time_seconds", "When the process started.");
    out.add({}, boot_time() + times.start);
}

} // namespace herald::control
