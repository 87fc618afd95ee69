#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace herald::daemon {

/// A file that is nowhere but in memory (memfd_create(2)), for another program. Errors are lines
/// for people. Its descriptor is closed by an exec, and none of the first that child_process needs.
class memory_file {
public:
    static std::expected<memory_file, std::string> make();
    /// With this text, and sealed: whoever has it can be sure that it stays so.
    static std::expected<memory_file, std::string> make_sealed(std::string_view text);

    memory_file(memory_file&& other) noexcept;
    memory_file& operator=(memory_file&&) = delete;
    ~memory_file();

    int descriptor() const { return descriptor_; }
    /// All of it, if that is not too much.
    std::expected<std::string, std::string> read() const;

private:
    explicit memory_file(int descriptor) : descriptor_(descriptor) {}

    int descriptor_;
};

/// What make_sealed() was given; refused if it is of another making.
std::expected<std::string, std::string> read_sealed(int descriptor);

} // namespace herald::daemon
