#pragma once

#include "herald/peering/speaker.hpp"
#include "herald/service/stored_map.hpp"

#include <chrono>
#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace herald::daemon {

/// That the operator has shut a neighbor down, as it outlives the daemon.
struct stored_shutdown {
    std::chrono::system_clock::time_point since;
    std::string reason;
    std::string by; // who; empty: not known
    friend bool operator==(const stored_shutdown&, const stored_shutdown&) = default;
};
/// By neighbor. One that the configuration no longer has keeps it here.
using stored_shutdowns = std::map<std::string, stored_shutdown>;

std::string to_json(const stored_shutdowns& all);
/// Reads what to_json() writes, and nothing else. The error says what is wrong.
std::expected<stored_shutdowns, std::string> shutdowns_from_json(std::string_view text);

/// Neighbors that the operator has shut down, until they are enabled: over a restart too.
class neighbor_shutdowns {
public:
    using outcome = service::stored_map<stored_shutdown>::outcome;

    neighbor_shutdowns(boost::asio::any_io_executor executor, const std::filesystem::path& state,
                       peering::speaker& speaker);

    /// Reads them, and shuts those neighbors down. The error is a line for people.
    std::expected<void, std::string> load();
    /// Also those that a reload has made anew.
    void enforce();

    /// Whether nothing is being stored.
    bool idle() const { return stored_.idle(); }

    /// At once, then on disk; then `tell` is told whether it is there.
    void shut_down(const std::string& neighbor, const stored_shutdown& shutdown, outcome tell);
    void enable(const std::string& neighbor, outcome tell);

private:
    peering::speaker& speaker_;
    stored_shutdowns in_force_; // maybe not on disk yet
    service::stored_map<stored_shutdown> stored_;
};

} // namespace herald::daemon
