#include "herald/daemon/planned_restart.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <grp.h>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace herald::daemon {

namespace {

using clock = std::chrono::steady_clock; // CLOCK_MONOTONIC: it goes on over an exec

constexpr std::chrono::seconds trial_limit{10};
constexpr const char* variable = "HERALD_RESTARTED_AT"; // the clock's milliseconds
constexpr const char* trial_variable = "HERALD_TRIAL";

/// A file that is gone when this is.
class passing_file {
public:
    explicit passing_file(std::filesystem::path path)
        : path_(std::move(path))
        , descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
    ~passing_file() {
        if (descriptor_ < 0)
            return;
        ::unlink(path_.c_str());
        ::close(descriptor_);
    }
    passing_file(const passing_file&) = delete;
    passing_file& operator=(const passing_file&) = delete;

    bool is_there() const { return descriptor_ >= 0; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    int descriptor_;
};

} // namespace

void config_trial::begin(const boost::asio::any_io_executor& executor, const std::string& program,
                         const std::string& config_file, outcome tell) {
    auto child =
        health::child_process::start(executor, {"/usr/bin/env", fmt::format("{}=1", trial_variable),
                                                program, "--check", "--config", config_file});
    std::make_shared<config_trial>(executor, std::move(tell))->watch(program, std::move(child));
}

void config_trial::watch(const std::string& program, std::shared_ptr<health::child_process> child) {
    child_ = std::move(child);
    child_->on_exit([self = shared_from_this(), program](const health::exit_status& how,
                                                         const std::string& line) {
        if (how == health::exit_status{})
            return self->end({});
        if (how.not_started)
            return self->end(
                std::unexpected(fmt::format("{}: {}", program, how.not_started.message())));
        self->end(std::unexpected(
            line.empty() ? fmt::format("the new start would fail (status {})", how.value) : line));
    });
    deadline_.expires_after(trial_limit);
    deadline_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
        if (!cancelled)
            self->end(std::unexpected("checking the configuration took too long"));
    });
}

void config_trial::end(std::expected<void, std::string> how) {
    if (auto child = std::exchange(child_, nullptr)) {
        child->on_exit(nullptr);
        child->kill();
        deadline_.cancel();
        tell_(std::move(how));
    }
}

bool is_trial() {
    return std::getenv(trial_variable) != nullptr;
}

std::expected<void, std::string> try_host(const control::control_settings& control,
                                          const std::filesystem::path& state) {
    std::error_code failed;
    std::filesystem::create_directories(state, failed);
    const passing_file file(state / "trial");
    if (!file.is_there())
        return std::unexpected(fmt::format("cannot write the state directory {}: {}",
                                           state.string(), std::strerror(errno)));
    if (!control.group)
        return {};
    const auto* group = ::getgrnam(control.group->c_str());
    if (group == nullptr)
        return std::unexpected(
            fmt::format("control.group: there is no group \"{}\"", *control.group));
    // As the socket is given; fchown(2) is outside of what the unit allows.
    if (::chown(file.path().c_str(), static_cast<uid_t>(-1), group->gr_gid) != 0)
        return std::unexpected(fmt::format("control.group: a file cannot be given to \"{}\": {}",
                                           *control.group, std::strerror(errno)));
    return {};
}

std::string program_file() {
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

std::string start_anew(const std::string& program, char** arguments) {
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock::now().time_since_epoch());
    ::setenv(variable, std::to_string(now.count()).c_str(), 1);
    ::execv(program.c_str(), arguments);
    return fmt::format("{}: {}", program, std::strerror(errno));
}

std::optional<clock::time_point> read_restart_time() {
    const char* given = std::getenv(variable);
    if (given == nullptr)
        return std::nullopt;
    const std::string_view text = given;
    std::int64_t milliseconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    ::unsetenv(variable);
    if (!whole)
        return std::nullopt;
    return clock::time_point{std::chrono::milliseconds{milliseconds}};
}

} // namespace herald::daemon
