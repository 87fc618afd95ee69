#pragma once

#include "herald/health/last_line.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
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
    std::error_code not_started = {}; // if it never ran: no such file, permission denied …
    friend bool operator==(const exit_status&, const exit_status&) = default;
};

struct spawned;

/// A program that runs in a process group of its own, with default signal handling, nothing on
/// stdin, stdout and stderr in one pipe, and no descriptor of ours that it is not given. What a
/// service manager gave to us and not to it is taken away: ambient capabilities, and the
/// environment variables of sd_notify(3), sd_listen_fds(3) and herald's own. Nothing here waits: it
/// is started on another thread, and the kernel says when it has ended, through a pidfd
/// (pidfd_open(2)).
class child_process : public std::enable_shared_from_this<child_process> {
public:
    using exit_handler = std::function<void(exit_status, std::string last_line)>;

    /// Starts `command`; its first element is looked up in PATH unless it has a slash. The
    /// descriptors `given` are 3 and on there; they are to stay open until it is told of.
    static std::shared_ptr<child_process> start(const boost::asio::any_io_executor& executor,
                                                const std::vector<std::string>& command,
                                                const std::vector<int>& given = {});

    /// How many of this executor's have been started, or are about to be, and are not reaped.
    static std::size_t left(const boost::asio::any_io_executor& executor);

    child_process(const boost::asio::any_io_executor& executor, std::shared_ptr<std::size_t> count);
    ~child_process();
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    /// What to call on the executor, once, when the program itself has ended and is reaped, or
    /// could not be started; what is left of its group is killed by then. In place of what was to
    /// be called before, if any.
    void on_exit(exit_handler done) { done_ = std::move(done); }

    /// Kills the whole group, also one that is only about to start. It is still reaped when it
    /// ends, whoever forgets it until then.
    void kill();

    /// Whether nothing of it is left.
    bool gone() const { return gone_; }
    /// Of the output so far.
    std::string last_output() const { return output_line_.text(); }

private:
    void started(std::expected<spawned, std::error_code> child);
    void await_exit();
    void await_output();
    void ended();
    /// Takes what is in the pipe; false at its end.
    bool drain();
    /// How the program ended, and its id is free again; none while it goes on.
    std::optional<exit_status> reap();
    void kill_group();
    void set_gone();

    pid_t pid_ = 0;                                // none yet
    boost::asio::posix::stream_descriptor exited_; // the pidfd, readable when it has ended
    boost::asio::posix::stream_descriptor output_;
    last_line output_line_;
    exit_handler done_;
    std::shared_ptr<std::size_t> count_; // of those that are not gone
    bool killed_ = false;
    bool gone_ = false;
};

} // namespace herald::health
