#pragma once

#include <expected>
#include <filesystem>
#include <string>

namespace herald::daemon {

/// The state directory, held by one daemon at a time.
class state_directory {
public:
    /// Creates the directory where it is missing, and takes its lock. The error is a line for
    /// people: it cannot be created or written, or another daemon has it.
    static std::expected<state_directory, std::string> open(const std::filesystem::path& path);

    state_directory(state_directory&& other) noexcept;
    state_directory& operator=(state_directory&&) = delete;
    ~state_directory();

    const std::filesystem::path& path() const { return path_; }

private:
    state_directory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

    std::filesystem::path path_;
    int lock_; // a descriptor whose flock lasts as long as the process
};

} // namespace herald::daemon
