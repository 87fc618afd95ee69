#include "herald/daemon/planned_restart.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace herald::daemon {

namespace {

using clock = std::chrono::steady_clock; // CLOCK_MONOTONIC: it goes on over an exec

constexpr std::chrono::seconds trial_limit{10};
constexpr const char* time_variable = "HERALD_RESTARTED_AT"; // the clock's milliseconds
constexpr const char* state_variable = "HERALD_STATE";       // a descriptor
constexpr const char* trial_variable = "HERALD_TRIAL";

/// A number from the environment, where it is no more afterwards.
template <typename Number>
std::optional<Number> take_number(const char* variable) {
    const char* const given = std::getenv(variable);
    if (given == nullptr)
        return std::nullopt;
    const std::string_view text = given;
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    ::unsetenv(variable);
    return whole ? std::optional(number) : std::nullopt;
}

void close_on_exec(const std::vector<int>& descriptors, bool close) {
    for (const int each : descriptors)
        ::fcntl(each, F_SETFD, close ? FD_CLOEXEC : 0);
}

std::vector<char*> pointers_to(const std::vector<std::string>& arguments) {
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (const auto& argument : arguments)
        pointers.push_back(const_cast<char*>(argument.c_str())); // they are only read
    pointers.push_back(nullptr);
    return pointers;
}

/// The new program, if it starts, has these open.
std::string execute(const std::string& program, const std::vector<std::string>& arguments,
                    const std::vector<int>& descriptors) {
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock::now().time_since_epoch());
    ::setenv(time_variable, std::to_string(now.count()).c_str(), 1);
    close_on_exec(descriptors, false);
    ::execv(program.c_str(), pointers_to(arguments).data());
    const int error = errno;
    close_on_exec(descriptors, true);
    ::unsetenv(time_variable);
    return fmt::format("{}: {}", program, std::strerror(error));
}

std::expected<inheritance, std::string> read_inheritance(int descriptor) {
    const auto text = read_sealed(descriptor);
    if (!text)
        return std::unexpected(text.error());
    return inheritance_from_json(*text);
}

} // namespace

void restart_trial::begin(const boost::asio::any_io_executor& executor, const start& what,
                          outcome tell) {
    auto state = memory_file::make_sealed(what.state);
    if (!state)
        return tell(std::unexpected(state.error()));
    auto report = memory_file::make();
    if (!report)
        return tell(std::unexpected(report.error()));
    const std::vector<int> given{state->descriptor(), report->descriptor()};
    const auto trial = std::make_shared<restart_trial>(executor, what.proof, *std::move(state),
                                                       *std::move(report), std::move(tell));
    trial->watch(what.program, health::child_process::start(
                                   executor,
                                   {"/usr/bin/env", fmt::format("{}=1", trial_variable),
                                    what.program, "--check", "--config", what.config_file},
                                   given));
}

restart_trial::restart_trial(const boost::asio::any_io_executor& executor, std::string proof,
                             memory_file state, memory_file report, outcome tell)
    : deadline_(executor)
    , proof_(std::move(proof))
    , state_(std::move(state))
    , report_(std::move(report))
    , tell_(std::move(tell)) {}

void restart_trial::watch(const std::string& program,
                          std::shared_ptr<health::child_process> child) {
    child_ = std::move(child);
    child_->on_exit([self = shared_from_this(), program](const health::exit_status& how,
                                                         const std::string& line) {
        if (how == health::exit_status{})
            return self->end(self->read_report(program));
        if (how.not_started)
            return self->end(
                std::unexpected(fmt::format("{}: {}", program, how.not_started.message())));
        self->end(std::unexpected(
            line.empty() ? fmt::format("the new start would fail (status {})", how.value) : line));
    });
    deadline_.expires_after(trial_limit);
    deadline_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
        if (!cancelled)
            self->end(std::unexpected("trying the new start took too long"));
    });
}

std::expected<rehearsal_report, std::string>
restart_trial::read_report(const std::string& program) const {
    const auto text = report_.read();
    if (!text)
        return std::unexpected(text.error());
    auto report = report_from_json(*text);
    if (!report || report->proof != proof_)
        return std::unexpected(
            fmt::format("{} does not say that it can go on from here: it is another program, or "
                        "a version of heraldd that cannot",
                        program));
    return report;
}

void restart_trial::end(std::expected<rehearsal_report, std::string> how) {
    if (auto child = std::exchange(child_, nullptr)) {
        child->on_exit(nullptr);
        child->kill();
        deadline_.cancel();
        tell_(std::move(how));
    }
}

bool is_rehearsal() {
    return std::getenv(trial_variable) != nullptr;
}

std::string program_file() {
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

std::string start_anew(const std::string& program, const std::vector<std::string>& arguments,
                       const inheritance* left) {
    if (left == nullptr)
        return execute(program, arguments, {});
    const auto state = memory_file::make_sealed(to_json(*left));
    if (!state)
        return state.error();
    auto descriptors = sockets_of(*left);
    descriptors.push_back(state->descriptor());
    ::setenv(state_variable, std::to_string(state->descriptor()).c_str(), 1);
    auto error = execute(program, arguments, descriptors);
    ::unsetenv(state_variable);
    return error;
}

std::optional<clock::time_point> read_restart_time() {
    const auto milliseconds = take_number<std::int64_t>(time_variable);
    if (!milliseconds)
        return std::nullopt;
    return clock::time_point{std::chrono::milliseconds{*milliseconds}};
}

std::expected<std::optional<inheritance>, std::string> take_inheritance() {
    const bool given = std::getenv(state_variable) != nullptr;
    const auto descriptor = take_number<int>(state_variable);
    if (!given)
        return std::nullopt;
    auto left = read_inheritance(descriptor.value_or(-1));
    if (!left) {
        ::close_range(STDERR_FILENO + 1, ~0U, 0);
        return std::unexpected(left.error());
    }
    ::close(*descriptor);
    for (const int socket : std::exchange(left->unused_sockets, {}))
        ::close(socket); // at its other end a reset, if anything was not read
    close_on_exec(sockets_of(*left), true);
    return *std::move(left);
}

} // namespace herald::daemon
