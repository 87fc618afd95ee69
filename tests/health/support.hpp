#pragma once

#include "herald/health/probes.hpp"
#include "tests/support/temporary_directory.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
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

/// Whether a child of this process runs, started by any of its threads.
inline bool has_live_children() {
    const std::filesystem::directory_iterator threads("/proc/self/task");
    return std::any_of(begin(threads), end(threads), [](const auto& thread) {
        std::ifstream children(thread.path() / "children");
        return children.peek() != std::ifstream::traits_type::eof();
    });
}

inline std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

using herald::test::temporary_directory;

/// A run of a probe that is under way. Destroyed, it is cut short, and calls nobody any more.
class running {
public:
    template <class probe_settings>
    running(boost::asio::io_context& io, probe_settings settings,
            std::function<void(probe_result)> done,
            std::shared_ptr<run_state> state = std::make_shared<run_state>())
        : executor_(io.get_executor())
        , state_(std::move(state))
        , done_(std::make_shared<ending>(std::move(done))) {
        // Both outlive the run, as they do in a check.
        auto given = std::make_shared<probe_settings>(std::move(settings));
        boost::asio::co_spawn(
            io, run(*given, *state_),
            boost::asio::bind_cancellation_slot(
                done_->cancel.slot(), [given, state = state_, end = done_](
                                          const std::exception_ptr& thrown, probe_result result) {
                    if (!thrown && end->done)
                        end->done(std::move(result));
                }));
    }
    ~running() {
        done_->done = nullptr;
        done_->cancel.emit(boost::asio::cancellation_type::terminal);
        boost::asio::post(executor_, [held = done_] {}); // which is handed on in a later turn
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

    std::string progress() const { return state_->progress(); }

private:
    struct ending {
        explicit ending(std::function<void(probe_result)> given) : done(std::move(given)) {}
        std::function<void(probe_result)> done;
        boost::asio::cancellation_signal cancel;
    };
    boost::asio::io_context::executor_type executor_;
    std::shared_ptr<run_state> state_;
    std::shared_ptr<ending> done_;
};

/// One run to its end.
template <class probe_settings>
std::optional<probe_result> one_run(boost::asio::io_context& io, probe_settings settings) {
    std::optional<probe_result> result;
    const running under_way(io, std::move(settings),
                            [&](probe_result found) { result = std::move(found); });
    run_until(io, [&] { return result.has_value(); });
    return result;
}

} // namespace herald::health::test
