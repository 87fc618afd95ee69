#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace herald::control {

/// Where the control socket is, and who may use it.
struct control_settings {
    std::filesystem::path socket = "/run/herald/control.sock";
    std::uint32_t mode = 0660;
    std::optional<std::string> group; // none: the process's
    friend bool operator==(const control_settings&, const control_settings&) = default;
};

} // namespace herald::control
