#include "herald/daemon/service_manager.hpp"

#include "herald/daemon/log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace herald::daemon {

namespace {

/// sd_notify(3): a path, or an abstract name behind an at sign. An empty length: neither.
socklen_t read_address(std::string_view text, sockaddr_un& address) {
    if (text.size() < 2 || text.size() >= sizeof address.sun_path ||
        (text.front() != '/' && text.front() != '@'))
        return 0;
    address.sun_family = AF_UNIX;
    std::ranges::copy(text, address.sun_path);
    const auto head = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
    if (text.front() == '/')
        return head + 1; // with the zero behind it
    address.sun_path[0] = '\0';
    return head;
}

void warn(const char* given, const char* why) {
    log(log_level::warning, "service_manager",
        fmt::format("the service manager at {} cannot be told of our state: {}", given, why));
}

} // namespace

// Not by libsystemd, whose sending waits where the manager does not read, and which with its own
// libraries would cost every start a millisecond and every daemon a megabyte.
void notify_service_manager(const std::string& state) {
    const char* given = std::getenv("NOTIFY_SOCKET");
    if (given == nullptr)
        return;
    sockaddr_un address{};
    const auto length = read_address(given, address);
    if (length == 0)
        return warn(given, "it is neither a path nor an abstract name");
    const int sender = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sender < 0)
        return warn(given, std::strerror(errno));
    if (::sendto(sender, state.data(), state.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), length) < 0)
        warn(given, std::strerror(errno));
    ::close(sender);
}

} // namespace herald::daemon
