#pragma once

#include "herald/net/ip_prefix.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace herald::service {

/// How a service follows from its checks and drains.
struct service_settings {
    std::string name;
    std::vector<net::ip_prefix> prefixes;
    std::vector<std::string> neighbors; // names; empty: every neighbor
    /// How many of the checks that can take the service down must pass; none: all of them.
    std::optional<unsigned> require;
    bool deprefer_when_down = false; // on_down = "deprefer"
    std::chrono::milliseconds drain_time{10000};
    friend bool operator==(const service_settings&, const service_settings&) = default;
};

} // namespace herald::service
