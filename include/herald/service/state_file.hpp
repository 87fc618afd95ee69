#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace herald::service {

/// The whole content. Blocks.
std::expected<std::string, std::error_code> read_file(const std::filesystem::path& file);

/// How a file was replaced.
struct replacement {
    std::error_code error;  // the file is as it was
    std::error_code unsafe; // its content is the new one, but a power failure may undo that
};

/// Puts `content` in the place of the file, whole or not at all, and on disk when this returns:
/// a new file beside it (its name with ".new"), fsync, rename, fsync of the directory. Blocks.
replacement replace_file(const std::filesystem::path& file, std::string_view content);

} // namespace herald::service
