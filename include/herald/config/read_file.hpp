#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>

namespace herald::config {

struct file_content {
    std::string text;
    bool world_readable = false;
};

/// A regular file of at most `largest` octets. Waits for nobody: a FIFO or a device is refused.
/// The error says why it cannot be read.
std::expected<file_content, std::string> read_file(const std::filesystem::path& file,
                                                   std::size_t largest);

} // namespace herald::config
