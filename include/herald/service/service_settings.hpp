#pragma once

#include "herald/net/ip_prefix.hpp"

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <filesystem>
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
    std::chrono::milliseconds drain_time{std::chrono::seconds{10}};
    std::filesystem::path drain_file; // drained while it exists; empty: none
    std::chrono::milliseconds hold_down{std::chrono::seconds{10}};
    std::chrono::milliseconds hold_down_max{std::chrono::minutes{5}};
    std::vector<boost::asio::ip::address> addresses; // without scope
    bool manage_addresses = false;
    std::string interface = "lo"; // of managed addresses
    friend bool operator==(const service_settings&, const service_settings&) = default;
};

} // namespace herald::service
