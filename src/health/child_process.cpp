#include "herald/health/child_process.hpp"

#include "spawn.hpp"

#include "herald/http/worker_pool.hpp"

#include <array>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
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

namespace asio = boost::asio;

namespace {

/// The threads that start programs, which takes as long as reading a program takes: a service of
/// the loop's context, in Asio's sense.
class launcher final : public asio::execution_context::service {
public:
    using key_type = launcher;
    static inline asio::execution_context::id id;

    explicit launcher(asio::execution_context& context)
        : service(context)
        , threads_(std::in_place, most_threads) {}

    static launcher& of(const asio::any_io_executor& executor) {
        return asio::use_service<launcher>(asio::query(executor, asio::execution::context));
    }

    http::worker_pool& threads() { return *threads_; }
    const std::shared_ptr<std::size_t>& children() const { return children_; }

private:
    static constexpr std::size_t most_threads = 4;

    void shutdown() noexcept override { threads_.reset(); }

    std::optional<http::worker_pool> threads_;
    std::shared_ptr<std::size_t> children_ = std::make_shared<std::size_t>(0);
};

/// A child between the thread that started it and the loop. If the loop is not there any more, it
/// ends here.
class delivery {
public:
    delivery(std::vector<std::string> command, std::vector<int> given)
        : command_(std::move(command))
        , given_(std::move(given)) {}
    ~delivery() {
        if (child_)
            abandon(*child_);
    }
    delivery(const delivery&) = delete;
    delivery& operator=(const delivery&) = delete;

    void start() { child_ = spawn_child(command_, given_); }
    std::expected<spawned, std::error_code> take() {
        return std::exchange(child_, std::unexpected(std::error_code()));
    }

private:
    std::vector<std::string> command_;
    std::vector<int> given_;
    std::expected<spawned, std::error_code> child_ = std::unexpected(std::error_code());
};

} // namespace

std::shared_ptr<child_process> child_process::start(const asio::any_io_executor& executor,
                                                    const std::vector<std::string>& command,
                                                    const std::vector<int>& given) {
    auto& launches = launcher::of(executor);
    auto result = std::make_shared<child_process>(executor, launches.children());
    auto made = std::make_shared<delivery>(command, given);
    try {
        launches.threads().run(
            executor, [made] { made->start(); }, [made, result] { result->started(made->take()); },
            http::worker_pool::loop::waits);
    } catch (const std::system_error& no_thread) {
        asio::post(executor,
                   [result, why = no_thread.code()] { result->started(std::unexpected(why)); });
    }
    return result;
}

std::size_t child_process::left(const asio::any_io_executor& executor) {
    return *launcher::of(executor).children();
}

child_process::child_process(const asio::any_io_executor& executor,
                             std::shared_ptr<std::size_t> count)
    : exited_(executor)
    , output_(executor)
    , count_(std::move(count)) {
    ++*count_;
}

child_process::~child_process() {
    // Not reaped yet only where the executor itself goes away, and the handler below with it.
    kill();
    reap();
    set_gone();
}

void child_process::set_gone() {
    if (!std::exchange(gone_, true))
        --*count_;
}

void child_process::started(std::expected<spawned, std::error_code> child) {
    if (!child) {
        set_gone();
        if (auto done = std::exchange(done_, nullptr))
            done(exit_status{.not_started = child.error()}, "");
        return;
    }
    pid_ = child->pid;
    exited_.assign(child->exited);
    output_.assign(child->output);
    await_exit();
    await_output();
    if (killed_)
        kill();
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
                           if (!error && !self->gone_ && self->drain())
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
    if (gone_ || pid_ == 0)
        return std::nullopt;
    siginfo_t info{};
    auto id = static_cast<id_t>(exited_.native_handle());
    if (waitid(P_PIDFD, id, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
        return std::nullopt;
    set_gone();
    // Where SIGCHLD is ignored, the kernel has reaped it before us.
    if (info.si_pid == 0)
        return exit_status{.by_signal = false, .value = exit_status::lost};
    return exit_status{.by_signal = info.si_code != CLD_EXITED, .value = info.si_status};
}

void child_process::kill() {
    killed_ = true;
    if (gone_ || pid_ == 0)
        return;
    kill_group();
    // In case it has moved to another group.
    pidfd_send_signal(exited_.native_handle(), SIGKILL, nullptr, 0);
}

void child_process::kill_group() {
    ::kill(-pid_, SIGKILL);
}

} // namespace herald::health
