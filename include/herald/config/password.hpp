#pragma once

#include "herald/config/table_reader.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace herald::config {

/// `password`, of 1 to `longest` octets; excludes `password_file`.
void read_password(table_reader& from, std::string_view key, std::size_t longest,
                   std::string& into);
/// `password_file`, whose path begins in the directory of herald.toml. One newline at its end does
/// not count.
void read_password_file(table_reader& from, std::string_view key, std::size_t longest,
                        std::string& into);

inline auto as_password(std::size_t longest) {
    return [=](table_reader& from, std::string_view key, std::string& into) {
        read_password(from, key, longest, into);
    };
}

inline auto as_password_file(std::size_t longest) {
    return [=](table_reader& from, std::string_view key, std::string& into) {
        read_password_file(from, key, longest, into);
    };
}

} // namespace herald::config
