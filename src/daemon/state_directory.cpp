#include "herald/daemon/state_directory.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace herald::daemon {

std::expected<state_directory, std::string>
state_directory::open(const std::filesystem::path& path) {
    std::error_code failed;
    std::filesystem::create_directories(path, failed);
    if (failed)
        return std::unexpected(fmt::format("cannot create the state directory {}: {}",
                                           path.string(), failed.message()));
    auto file = path / "lock";
    auto lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return std::unexpected(fmt::format("cannot write the state directory {}: {}", path.string(),
                                           std::system_category().message(errno)));
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        auto why = errno == EWOULDBLOCK ? std::string("another heraldd is using it")
                                        : std::system_category().message(errno);
        ::close(lock);
        return std::unexpected(
            fmt::format("cannot use the state directory {}: {}", path.string(), why));
    }
    return state_directory(path, lock);
}

state_directory::state_directory(state_directory&& other) noexcept
    : path_(std::move(other.path_))
    , lock_(std::exchange(other.lock_, -1)) {}

state_directory::~state_directory() {
    if (lock_ >= 0)
        ::close(lock_);
}

} // namespace herald::daemon
