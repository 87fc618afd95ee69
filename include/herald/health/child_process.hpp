#pragma once

#include "herald/health/last_line.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <system_error>
#include <utility>
#include <vector>

namespace herald::health {

/// How a program ended.
struct exit_status {
    bool by_signal = false;
    int value = 0; // the signal's number, or the exit status, or:
    static constexpr int lost = -1;
    friend bool operator==(const exit_status&, const exit_status&) = default;
};

/// A program that runs in a process group of its own, with default signal handling, nothing on
/// stdin, stdout and stderr in one pipe, and no other descriptor of ours. Nothing here waits: the
/// kernel says when the program has ended, through a pidfd (pidfd_open(2)).
class child_process : public std::enable_shared_from_this<child_process> {
public:
    using exit_handler = std::function<void(exit_status, std::string last_line)>;

    /// Starts `command`; its first element is looked up in PATH unless it has a slash. The error
    /// is the system's: no such file, permission denied, too many open files …
    static std::expected<std::shared_ptr<child_process>, std::error_code>
    spawn(const boost::asio::any_io_executor& executor, const std::vector<std::string>& command);

    child_process(const boost::asio::any_io_executor& executor, pid_t pid, int exited, int output);
    ~child_process();
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    /// What to call on the executor, once, when the program itself has ended and is reaped; what
    /// is left of its group is killed by then. In place of what was to be called before, if any.
    void on_exit(exit_handler done) { done_ = std::move(done); }

    /// Kills the whole group. It is still reaped when it ends, whoever forgets it until then.
    void kill();

    bool reaped() const { return reaped_; }
    /// Of the output so far.
    std::string last_output() const { return output_line_.text(); }

private:
    void await_exit();
    void await_output();
    void ended();
    /// Takes what is in the pipe; false at its end.
    bool drain();
    /// How the program ended, and its id is free again; none while it goes on.
    std::optional<exit_status> reap();
    void kill_group();

    pid_t pid_;
    boost::asio::posix::stream_descriptor exited_; // the pidfd, readable when it has ended
    boost::asio::posix::stream_descriptor output_;
    last_line output_line_;
    exit_handler done_;
    bool reaped_ = false;
};

} // namespace herald::health
