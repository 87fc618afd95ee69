#pragma once

#include <expected>
#include <string>

namespace heraldctl {

/// How the program ends where it did not do what it was asked.
enum class exit_status : int { done = 0, refused = 1, usage = 2, no_daemon = 3 };

struct failure {
    exit_status status = exit_status::refused;
    std::string line; // for stderr, without the program's name
};

template <typename T>
using result = std::expected<T, failure>;

inline std::unexpected<failure> usage(std::string line) {
    return std::unexpected(failure{exit_status::usage, std::move(line)});
}

inline std::unexpected<failure> refused(std::string line) {
    return std::unexpected(failure{exit_status::refused, std::move(line)});
}

} // namespace heraldctl
