#pragma once

#include "herald/control/control_settings.hpp"

#include <expected>
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace herald::control {

/// The file of a UNIX socket. From make_room() to done() its directory is locked (flock): else
/// another start could take a socket that is bound and not yet listened on for one that was left
/// behind. Errors are lines for people.
class socket_file {
public:
    socket_file() = default;
    socket_file(const socket_file&) = delete;
    socket_file& operator=(const socket_file&) = delete;
    ~socket_file() { unlock(); }

    /// Makes room for bind(): creates the directory, locks it, removes a file that nobody answers
    /// on. Refuses a path that is too long, is of something else than a socket, or is answered on.
    /// May wait a few seconds for another start.
    std::expected<void, std::string> make_room(const std::filesystem::path& path);

    /// Between bind() and listen(), while nobody can connect: gives the file its mode and group.
    std::expected<void, std::string> settle(const control_settings& settings);

    /// After listen(): whoever looks is answered.
    void done() { unlock(); }

    /// Of the file that was settled.
    const std::filesystem::path& path() const { return path_; }
    /// Removes the file, if it is still the one that was settled.
    void remove();

private:
    std::expected<void, std::string> lock(const std::filesystem::path& path);
    void unlock();

    std::filesystem::path path_;
    dev_t device_ = 0;
    ino_t node_ = 0;
    int lock_ = -1;
};

} // namespace herald::control
