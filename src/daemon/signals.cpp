#include "herald/daemon/signals.hpp"

#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

namespace herald::daemon {

namespace {

sigset_t all_of_ours() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, signal);
    return set;
}

} // namespace

void block_signals() {
    const auto set = all_of_ours();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool stop_is_asked_for() {
    sigset_t waiting;
    sigemptyset(&waiting);
    sigpending(&waiting);
    return sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1;
}

std::expected<void, std::string> signals::start() {
    const auto set = all_of_ours();
    const int descriptor = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor < 0)
        return std::unexpected(
            fmt::format("cannot read signals: {}", std::system_category().message(errno)));
    descriptor_.assign(descriptor);
    await();
    return {};
}

void signals::stop() {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
}

void signals::await() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](boost::system::error_code stopped) {
                               if (stopped || !descriptor_.is_open())
                                   return;
                               signalfd_siginfo told{};
                               // One at a time: who is told of it may stop the reading.
                               if (::read(descriptor_.native_handle(), &told, sizeof told) ==
                                   sizeof told)
                                   tell_(static_cast<int>(told.ssi_signo));
                               if (descriptor_.is_open())
                                   await();
                           });
}

} // namespace herald::daemon
