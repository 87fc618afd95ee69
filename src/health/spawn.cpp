#include "spawn.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

extern "C" { // glibc 2.36 has forgotten to say so
#include <sys/pidfd.h>
}

namespace herald::health {

namespace {

std::error_code system_error(int number) {
    return {number, std::system_category()};
}

/// What becomes of the descriptors in the child: ours are sockets of sessions among others, which
/// a child must not keep open beyond our end.
class descriptors_of_child {
public:
    descriptors_of_child(int output, const std::vector<int>& given) {
        posix_spawn_file_actions_init(&actions_);
        // Before stdin: the pipe may have any number, even 0.
        posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
        posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        int next = STDERR_FILENO + 1;
        for (const int each : given)
            posix_spawn_file_actions_adddup2(&actions_, each, next++);
        posix_spawn_file_actions_addclosefrom_np(&actions_, next);
    }
    ~descriptors_of_child() { posix_spawn_file_actions_destroy(&actions_); }
    descriptors_of_child(const descriptors_of_child&) = delete;
    descriptors_of_child& operator=(const descriptors_of_child&) = delete;

    const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

/// A process group of its own, no signal blocked or ignored.
class attributes_of_child {
public:
    attributes_of_child() {
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                   POSIX_SPAWN_SETSIGDEF);
    }
    ~attributes_of_child() { posix_spawnattr_destroy(&attributes_); }
    attributes_of_child(const attributes_of_child&) = delete;
    attributes_of_child& operator=(const attributes_of_child&) = delete;

    const posix_spawnattr_t* get() const { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

/// Whether a variable is a word between us and who started us. A program that heard of
/// NOTIFY_SOCKET could say in our name that we are stopping; and one that is built on sd_notify(3)
/// or socket activation would take all of them for its own.
bool is_ours(std::string_view variable) {
    constexpr std::array<std::string_view, 4> ours{"NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_",
                                                   "HERALD_"};
    return std::ranges::any_of(ours,
                               [&](std::string_view start) { return variable.starts_with(start); });
}

/// As posix_spawn takes it. Our own does not change while threads run.
std::vector<char*> environment_of_child() {
    std::vector<char*> variables;
    for (char** variable = environ; *variable != nullptr; ++variable)
        if (!is_ours(*variable))
            variables.push_back(*variable);
    variables.push_back(nullptr);
    return variables;
}

std::expected<pid_t, std::error_code> start(const std::vector<std::string>& command, int output,
                                            const std::vector<int>& given) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const auto& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str())); // they are only read
    arguments.push_back(nullptr);
    auto variables = environment_of_child();

    pid_t pid = -1;
    descriptors_of_child descriptors(output, given);
    attributes_of_child attributes;
    // glibc shares our memory with the child until it execs: no page tables are copied.
    int error = posix_spawnp(&pid, arguments.front(), descriptors.get(), attributes.get(),
                             arguments.data(), variables.data());
    if (error != 0)
        return std::unexpected(system_error(error));
    return pid;
}

} // namespace

std::expected<spawned, std::error_code> spawn_child(const std::vector<std::string>& command,
                                                    const std::vector<int>& given) {
    if (command.empty())
        return std::unexpected(std::make_error_code(std::errc::invalid_argument));
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return std::unexpected(system_error(errno));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);

    auto pid = start(command, ends[1], given);
    close(ends[1]);
    if (!pid) {
        close(ends[0]);
        return std::unexpected(pid.error());
    }
    // The writing end has just given back a descriptor, so this needs one that is there.
    int exited = pidfd_open(*pid, 0);
    if (exited < 0) {
        auto error = system_error(errno);
        close(ends[0]);
        // Only a kernel without pidfds or memory comes here; a killed child ends at once.
        ::kill(-*pid, SIGKILL);
        waitpid(*pid, nullptr, 0);
        return std::unexpected(error);
    }
    return spawned{*pid, exited, ends[0]};
}

void abandon(const spawned& child) {
    ::kill(-child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    close(child.exited);
    close(child.output);
}

} // namespace herald::health
