#pragma once

#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <string>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" { // glibc 2.36 has forgotten to say so
#include <sys/pidfd.h>
}

namespace herald::health::test {

/// What a test waits for comes within milliseconds, or the test fails after this.
inline constexpr std::chrono::seconds bound{20};

/// Runs the loop until `holds`; false when it does not within the bound.
template <class condition>
bool run_until(boost::asio::io_context& io, condition holds) {
    auto end = std::chrono::steady_clock::now() + bound;
    while (!holds()) {
        io.restart();
        if (io.run_one_until(end) == 0)
            return holds();
    }
    return true;
}

/// Runs the loop until it has nothing left to do; false when it still has after the bound.
inline bool run_out(boost::asio::io_context& io) {
    io.restart();
    io.run_for(bound);
    return io.stopped();
}

/// A loop that does not go away before what was ended has ended: children are reaped.
class loop : public boost::asio::io_context {
public:
    loop() = default;
    ~loop() { run_out(*this); }
};

/// Waits until the process has ended; false when it does not within the bound.
inline bool ends(pid_t pid) {
    int process = pidfd_open(pid, 0);
    if (process < 0)
        return true;
    pollfd poll_for{process, POLLIN, 0};
    int ready = poll(&poll_for, 1, static_cast<int>(std::chrono::milliseconds(bound).count()));
    close(process);
    return ready == 1;
}

/// Whether this process has children, ended but not reaped ones among them.
inline bool has_children() {
    siginfo_t info{};
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/// Whether a child of this process runs.
inline bool has_live_children() {
    std::ifstream children("/proc/thread-self/children");
    return children.peek() != std::ifstream::traits_type::eof();
}

inline std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

using herald::test::temporary_directory;

} // namespace herald::health::test
