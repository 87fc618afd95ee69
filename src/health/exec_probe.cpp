#include "results.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <cstring>
#include <fmt/format.h>
#include <optional>

namespace herald::health {

namespace asio = boost::asio;

namespace {

verdict by_exit(int value) {
    return value == 0 ? verdict::pass : verdict::fail;
}

/// The plugin API of Nagios and Icinga: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
verdict by_nagios(int value) {
    return value == 1 ? verdict::degraded : by_exit(value);
}

std::string how_it_ended(const exit_status& status) {
    if (status.by_signal)
        return fmt::format("killed by signal {} ({})", status.value,
                           sigdescr_np(status.value) ? sigdescr_np(status.value) : "unknown");
    if (status.value == exit_status::lost)
        return "exit status lost: SIGCHLD is ignored";
    return fmt::format("exit status {}", status.value);
}

struct child_end {
    exit_status how;
    std::string last_line;
};

/// Waits for a child's end. Not by the child itself: as a part of the loop this goes away with it.
class end_of_child {
public:
    end_of_child(const asio::any_io_executor& executor, std::shared_ptr<child_process> child)
        : child_(std::move(child))
        , over_(executor, std::chrono::steady_clock::time_point::max()) {
        child_->on_exit([this](const exit_status& how, std::string last_line) {
            end_ = {how, std::move(last_line)};
            over_.cancel();
        });
    }
    ~end_of_child() { child_->on_exit(nullptr); }
    end_of_child(const end_of_child&) = delete;
    end_of_child& operator=(const end_of_child&) = delete;

    asio::awaitable<child_end> wait() {
        co_await over_.async_wait(http::as_result);
        if (!end_)
            throw boost::system::system_error(asio::error::operation_aborted);
        co_return *std::move(end_);
    }

private:
    std::shared_ptr<child_process> child_;
    asio::steady_timer over_;
    std::optional<child_end> end_;
};

/// Ends a child that a run leaves behind.
class killer {
public:
    explicit killer(std::shared_ptr<child_process> child) : child_(std::move(child)) {}
    ~killer() { child_->kill(); }
    killer(const killer&) = delete;
    killer& operator=(const killer&) = delete;

private:
    std::shared_ptr<child_process> child_;
};

} // namespace

probe_result judge(exec_settings::exit_protocol protocol, const exit_status& status,
                   std::string output) {
    probe_result result;
    if (!status.by_signal) {
        switch (protocol) {
        case exec_settings::exit_protocol::exit: result.outcome = by_exit(status.value); break;
        case exec_settings::exit_protocol::nagios: result.outcome = by_nagios(status.value); break;
        }
    }
    result.output = std::move(output);
    if (result.output.empty() && result.outcome != verdict::pass)
        result.output = how_it_ended(status);
    return result;
}

asio::awaitable<probe_result> run(const exec_settings& settings, run_state& state) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    if (state.child && !state.child->gone()) {
        state.at = "an earlier run does not end, though it was killed";
        end_of_child earlier(executor, state.child);
        co_await earlier.wait();
    }
    state.at.clear();
    state.child = child_process::start(executor, settings.command);
    const killer at_the_end(state.child);
    end_of_child child(executor, state.child);
    auto [how, last_line] = co_await child.wait();
    if (how.not_started)
        co_return could_not_run(fmt::format("{}: {}",
                                            settings.command.empty() ? "" : settings.command[0],
                                            how.not_started.message()));
    co_return judge(settings.protocol, how, std::move(last_line));
}

} // namespace herald::health
