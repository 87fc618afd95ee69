#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace herald::daemon {

enum class log_level : std::uint8_t { trace, debug, info, warning, error };
enum class log_format : std::uint8_t { text, json };

struct log_settings {
    log_level level = log_level::info;
    log_format format = log_format::text;
    friend bool operator==(const log_settings&, const log_settings&) = default;
};

struct state_settings {
    /// None: $STATE_DIRECTORY where it is set, else /var/lib/herald.
    std::optional<std::filesystem::path> directory;
    friend bool operator==(const state_settings&, const state_settings&) = default;
};

} // namespace herald::daemon
