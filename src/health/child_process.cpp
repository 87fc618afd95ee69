#include "herald/health/child_process.hpp"

#include "spawn.hpp"

#include <array>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

extern "C" { // glibc 2.36 has forgotten to say so
#include <sys/pidfd.h>
}

namespace herald::health {

namespace {

/// What a pipe holds (pipe(7)). More than that at once is output still being written; it must not
/// keep the loop from its other work, nor a verdict from being given.
constexpr std::size_t pipe_capacity = 65536;

} // namespace

std::expected<std::shared_ptr<child_process>, std::error_code>
child_process::spawn(const boost::asio::any_io_executor& executor,
                     const std::vector<std::string>& command) {
    auto child = spawn_child(command);
    if (!child)
        return std::unexpected(child.error());
    auto result =
        std::make_shared<child_process>(executor, child->pid, child->exited, child->output);
    result->await_exit();
    result->await_output();
    return result;
}

child_process::child_process(const boost::asio::any_io_executor& executor, pid_t pid, int exited,
                             int output)
    : pid_(pid)
    , exited_(executor, exited)
    , output_(executor, output) {}

child_process::~child_process() {
    // Not reaped yet only where the executor itself goes away, and the handler below with it.
    kill();
    reap();
}

void child_process::await_exit() {
    exited_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error)
                               self->ended();
                       });
}

void child_process::await_output() {
    output_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error && !self->reaped_ && self->drain())
                               self->await_output();
                       });
}

void child_process::ended() {
    // Children of the program may keep the pipe open: the verdict does not wait for its end.
    drain();
    // Before it is reaped: until then no other process can be given its id.
    kill_group();
    auto status = reap();
    if (!status)
        return await_exit();
    if (auto done = std::exchange(done_, nullptr))
        done(*status, output_line_.text());
    exited_.close();
    output_.close();
}

bool child_process::drain() {
    std::array<char, 4096> piece;
    for (std::size_t taken = 0; taken < pipe_capacity;) {
        auto count = ::read(output_.native_handle(), piece.data(), piece.size());
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        if (count == 0)
            return false;
        output_line_.add({piece.data(), static_cast<std::size_t>(count)});
        taken += static_cast<std::size_t>(count);
    }
    return true;
}

std::optional<exit_status> child_process::reap() {
    if (reaped_)
        return std::nullopt;
    siginfo_t info{};
    auto id = static_cast<id_t>(exited_.native_handle());
    if (waitid(P_PIDFD, id, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
        return std::nullopt;
    reaped_ = true;
    // Where SIGCHLD is ignored, the kernel has reaped it before us.
    if (info.si_pid == 0)
        return exit_status{.by_signal = false, .value = exit_status::lost};
    return exit_status{.by_signal = info.si_code != CLD_EXITED, .value = info.si_status};
}

void child_process::kill() {
    if (reaped_)
        return;
    kill_group();
    // In case it has moved to another group.
    pidfd_send_signal(exited_.native_handle(), SIGKILL, nullptr, 0);
}

void child_process::kill_group() {
    ::kill(-pid_, SIGKILL);
}

} // namespace herald::health
