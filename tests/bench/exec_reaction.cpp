// How long it takes from the end of a check's program to the verdict's callback, and what a run
// costs this process: bench_exec_reaction [RUNS]. The program is this one again: it says on stdout
// when it ended, by the clock that both share.

#include "herald/health/check.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using microseconds = std::chrono::duration<double, std::micro>;

std::int64_t now_in_nanoseconds() {
    return std::chrono::nanoseconds(clock_type::now().time_since_epoch()).count();
}

/// The check's program.
[[noreturn]] void end_now() {
    auto text = fmt::format("{}", now_in_nanoseconds());
    auto written = write(STDOUT_FILENO, text.data(), text.size());
    _exit(written > 0 ? 1 : 2);
}

microseconds processor_time() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void print(std::string_view what, std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    auto at = [&](double part) {
        return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
    };
    fmt::print("{:<28} min {:8.1f}  median {:8.1f}  p90 {:8.1f}  p99 {:8.1f}  max {:8.1f} us\n",
               what, at(0), at(0.5), at(0.9), at(0.99), at(1));
}

void measure(std::size_t runs) {
    boost::asio::io_context io;
    herald::health::check_settings settings;
    settings.interval = 10ms;
    settings.fast_interval = 10ms;
    settings.probe = herald::health::exec_settings{{"/proc/self/exe", "--end-now"}};

    std::vector<double> reactions;
    std::vector<double> durations;
    herald::health::check check(
        io.get_executor(), settings, [&](const herald::health::check& self, bool) {
            auto verdict_at = now_in_nanoseconds();
            const auto& last = *self.status().last;
            auto ended_at = std::strtoll(last.output.c_str(), nullptr, 10);
            reactions.push_back(static_cast<double>(verdict_at - ended_at) / 1000);
            durations.push_back(microseconds(last.duration).count());
            if (reactions.size() == runs)
                io.stop();
        });
    auto before = processor_time();
    check.start();
    io.run();
    auto spent = processor_time() - before;
    print("end of program -> verdict", reactions);
    print("start of run -> verdict", durations);
    fmt::print("processor time of this process per run: {:.1f} us\n",
               spent.count() / static_cast<double>(runs));
}

} // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "--end-now")
        end_now();
    measure(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000);
    return 0;
}
