#pragma once

#include "herald/fleet/etcd_settings.hpp"

#include <chrono>
#include <string>

namespace herald::fleet {

/// The node's place in the fleet. Without endpoints there is no fleet.
struct fleet_settings {
    etcd_settings etcd;
    std::string prefix = "/herald/"; // of all keys
    std::string node;
    std::string site;
    std::chrono::milliseconds ttl{std::chrono::seconds{10}}; // of the lease of the live record
    friend bool operator==(const fleet_settings&, const fleet_settings&) = default;
};

} // namespace herald::fleet
