#pragma once

#include "herald/config/configuration.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace herald::config {

/// How one neighbor, service or section differs between two configurations.
struct change {
    enum class kind : std::uint8_t { added, removed, changed };
    std::string section; // "neighbor", "service", "bgp", "control" …
    std::string name;    // of a neighbor or service
    kind what = kind::changed;
    std::vector<std::string> keys; // as herald.toml has them; "check resolve" for a check
    bool resets_session = false;   // a neighbor's, RFC 4486 6/6 or 6/3
    bool needs_restart = false;    // it takes effect with the next start
    friend bool operator==(const change&, const change&) = default;
};

/// What has to be done to get from one to the other: sections first, then neighbors, then services,
/// each in the order of `next` with those removed at the end. Values are not told: one of them may
/// be a password.
std::vector<change> difference(const configuration& now, const configuration& next);

} // namespace herald::config
