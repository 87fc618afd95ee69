#pragma once

#include "herald/control/control_settings.hpp"

#include <expected>
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace herald::control {

/// The file of a UNIX socket. Errors are lines for people.
class socket_file {
public:
    /// Makes room for bind(): creates the directory, removes a file that nobody answers on.
    /// Refuses a path that is too long, is of something else than a socket, or is answered on.
    static std::expected<void, std::string> make_room(const std::filesystem::path& path);

    /// Between bind() and listen(), while nobody can connect: gives the file its mode and group.
    std::expected<void, std::string> settle(const control_settings& settings);

    /// Removes the file, where it is still the one that was settled.
    void remove();

private:
    std::filesystem::path path_;
    dev_t device_ = 0;
    ino_t node_ = 0;
};

} // namespace herald::control
