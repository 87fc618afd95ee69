#include "herald/health/exec_probe.hpp"

#include <boost/asio/post.hpp>
#include <cstring>
#include <fmt/format.h>

namespace herald::health {

namespace {

verdict by_exit(int value) {
    return value == 0 ? verdict::pass : verdict::fail;
}

/// The plugin API of Nagios and Icinga: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
verdict by_nagios(int value) {
    return value == 1 ? verdict::degraded : by_exit(value);
}

std::string how_it_ended(exit_status status) {
    if (status.by_signal)
        return fmt::format("killed by signal {} ({})", status.value,
                           sigdescr_np(status.value) ? sigdescr_np(status.value) : "unknown");
    if (status.value == exit_status::lost)
        return "exit status lost: SIGCHLD is ignored";
    return fmt::format("exit status {}", status.value);
}

} // namespace

probe_result judge(exec_settings::exit_protocol protocol, exit_status status, std::string output) {
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

class exec_probe::run final : public probe_run {
public:
    run(exec_probe& probe, probe_handler done)
        : probe_(probe)
        , done_(std::make_shared<probe_handler>(std::move(done))) {}

    ~run() override {
        if (!child_)
            return;
        child_->on_exit(nullptr);
        child_->kill();
    }

    void begin();
    std::string progress() const override;

private:
    void spawn();
    void fail_to_run(const std::error_code& error);
    void finish(probe_result result);

    exec_probe& probe_;
    std::shared_ptr<probe_handler> done_;
    std::shared_ptr<child_process> child_; // ours, or while there is one, that of an earlier run
    bool waits_for_earlier_ = false;
};

void exec_probe::run::begin() {
    if (!probe_.last_child_ || probe_.last_child_->reaped())
        return spawn();
    waits_for_earlier_ = true;
    child_ = probe_.last_child_;
    child_->on_exit([this](exit_status, const std::string&) { spawn(); });
}

void exec_probe::run::spawn() {
    waits_for_earlier_ = false;
    child_.reset();
    auto child = child_process::spawn(probe_.executor_, probe_.settings_.command);
    if (!child)
        return fail_to_run(child.error());
    child_ = *child;
    probe_.last_child_ = child_;
    child_->on_exit([this](exit_status status, std::string output) {
        finish(judge(probe_.settings_.protocol, status, std::move(output)));
    });
}

void exec_probe::run::fail_to_run(const std::error_code& error) {
    const auto& command = probe_.settings_.command;
    probe_result result;
    result.could_run = false;
    result.output =
        printable(fmt::format("{}: {}", command.empty() ? "" : command.front(), error.message()));
    boost::asio::post(probe_.executor_,
                      [result = std::move(result), done = std::weak_ptr(done_)]() mutable {
                          if (auto handler = done.lock())
                              (*handler)(std::move(result));
                      });
}

void exec_probe::run::finish(probe_result result) {
    auto done = std::move(done_); // it may destroy this
    child_.reset();
    (*done)(std::move(result));
}

std::string exec_probe::run::progress() const {
    if (waits_for_earlier_)
        return "an earlier run does not end, though it was killed";
    return child_ ? child_->last_output() : "";
}

std::unique_ptr<probe_run> exec_probe::start(probe_handler done) {
    auto result = std::make_unique<run>(*this, std::move(done));
    result->begin();
    return result;
}

} // namespace herald::health
