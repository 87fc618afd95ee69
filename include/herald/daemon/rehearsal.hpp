#pragma once

#include "herald/config/configuration.hpp"
#include "herald/daemon/inheritance.hpp"

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herald::daemon {

/// What becomes of a neighbor's session in a restart.
struct prospect {
    std::string neighbor;
    bool kept = false;
    bool readable = true; // by the new program
    std::string reason;   // why it is not kept
    friend bool operator==(const prospect&, const prospect&) = default;
};

/// What a program that is on disk says of taking over.
struct rehearsal_report {
    std::string proof;   // as it stood in what it was shown
    std::string program; // its version
    std::vector<prospect> neighbors;
    friend bool operator==(const rehearsal_report&, const rehearsal_report&) = default;
};

std::string to_json(const rehearsal_report& report);
std::expected<rehearsal_report, std::string> report_from_json(std::string_view text);

/// The configuration that was in force where `left` was left, as this program understands it. The
/// error is a line for people. `read`: what the file says now; if it is the same, it is not read
/// once more, as each millisecond counts.
std::expected<config::configuration, std::string>
configuration_of(const inheritance& left, const std::string& file,
                 const config::load_result* read = nullptr);

/// What becomes of the sessions that were left, with the configuration `next`.
std::vector<prospect> prospects(const inheritance& left,
                                const std::expected<config::configuration, std::string>& in_force,
                                const config::configuration& next);

/// What else than the configuration can keep a start from succeeding: the group of the control
/// socket, the state directory, in which a file comes and goes, and what lies in it, and places to
/// listen on that `left` does not have. The error is a line for people.
std::expected<void, std::string> try_host(const config::configuration& settings,
                                          const std::filesystem::path& state,
                                          const inheritance& left);

/// Plays a restart through with what it was given, up to where it would begin to work, and reports.
/// The error is a line for people.
std::expected<void, std::string> rehearse(const config::configuration& settings,
                                          const std::string& file,
                                          const std::filesystem::path& state);

} // namespace herald::daemon
