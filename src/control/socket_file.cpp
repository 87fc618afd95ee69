#include "herald/control/socket_file.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace herald::control {

namespace {

using result = std::expected<void, std::string>;

/// Another start holds the lock for less than a millisecond.
constexpr std::chrono::seconds lock_limit{5};
constexpr std::chrono::milliseconds lock_pause{5};

std::unexpected<std::string> failure(const std::filesystem::path& path, std::string_view what) {
    return std::unexpected(fmt::format("{}: {}", path.native(), what));
}

std::unexpected<std::string> failure(const std::filesystem::path& path, std::string_view what,
                                     int error) {
    return failure(path, fmt::format("{}: {}", what, std::system_category().message(error)));
}

/// What connect() says; 0 where someone answers.
int try_to_connect(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    // Not blocking: a listener whose backlog is full would hold us up.
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return errno;
    const int connected =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = connected == 0 ? 0 : errno;
    ::close(probe);
    return error;
}

std::expected<gid_t, std::string> find_group(const std::filesystem::path& path,
                                             const std::string& name) {
    std::vector<char> buffer(16384);
    group entry{};
    group* found = nullptr;
    const int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (error != 0)
        return failure(path, fmt::format("group \"{}\"", name), error);
    if (found == nullptr)
        return failure(path, fmt::format("there is no group \"{}\"", name));
    return found->gr_gid;
}

} // namespace

result socket_file::make_room(const std::filesystem::path& path) {
    if (path.empty() || path.native().size() >= sizeof(sockaddr_un::sun_path))
        return failure(path, fmt::format("a socket's path has 1 to {} bytes",
                                         sizeof(sockaddr_un::sun_path) - 1));
    std::error_code error;
    if (path.has_parent_path())
        std::filesystem::create_directories(path.parent_path(), error);
    if (error)
        return failure(path.parent_path(), "cannot be created", error.value());
    if (auto locked = lock(path); !locked)
        return locked;
    const auto there = std::filesystem::symlink_status(path, error);
    if (there.type() == std::filesystem::file_type::not_found)
        return {};
    if (there.type() == std::filesystem::file_type::none)
        return failure(path, "cannot be looked at", error.value());
    if (there.type() != std::filesystem::file_type::socket)
        return failure(path, "is there and is not a socket");
    switch (const int answer = try_to_connect(path)) {
    case 0:
    case EAGAIN: return failure(path, "another daemon answers there");
    case ECONNREFUSED: break;
    default: return failure(path, "cannot be tried", answer);
    }
    if (::unlink(path.c_str()) != 0)
        return failure(path, "the old socket cannot be removed", errno);
    return {};
}

result socket_file::settle(const control_settings& settings) {
    const auto& path = settings.socket;
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0)
        return failure(path, "cannot be found", errno);
    path_ = path;
    device_ = status.st_dev;
    node_ = status.st_ino;
    if (settings.group) {
        const auto group = find_group(path, *settings.group);
        if (!group)
            return std::unexpected(group.error());
        if (::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0)
            return failure(path, fmt::format("group \"{}\"", *settings.group), errno);
    }
    if (::chmod(path.c_str(), settings.mode) != 0)
        return failure(path, fmt::format("mode {:04o}", settings.mode), errno);
    return {};
}

result socket_file::lock(const std::filesystem::path& path) {
    unlock();
    const auto directory = path.has_parent_path() ? path.parent_path() : ".";
    lock_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ < 0)
        return failure(directory, "cannot be opened", errno);
    const auto end = std::chrono::steady_clock::now() + lock_limit;
    while (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() > end)
            return failure(directory, "cannot be locked", errno);
        std::this_thread::sleep_for(lock_pause);
    }
    return {};
}

void socket_file::unlock() {
    if (lock_ >= 0)
        ::close(std::exchange(lock_, -1));
}

void socket_file::remove() {
    struct stat status{};
    if (!path_.empty() && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
        status.st_ino == node_)
        ::unlink(path_.c_str());
    path_.clear();
    unlock();
}

} // namespace herald::control
