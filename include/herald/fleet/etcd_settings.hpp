#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace herald::fleet {

/// Where a member of etcd answers.
struct etcd_endpoint {
    bool tls = false;
    std::string host; // a name or an address, IPv6 without its brackets
    std::uint16_t port = 2379;
    std::string url; // as it was configured, for people
    friend bool operator==(const etcd_endpoint&, const etcd_endpoint&) = default;
};

/// How etcd is asked. Files are PEM, their paths absolute.
struct etcd_settings {
    std::vector<etcd_endpoint> endpoints;    // tried in turn; at least one
    std::string ca_file;                     // empty: the system's authorities
    std::string cert_file;                   // ours, and its chain; empty: none
    std::string key_file;                    // of our certificate
    std::string user;                        // empty: etcd authenticates no users
    std::string password;                    // never shown
    std::chrono::milliseconds timeout{2000}; // of each request, at each endpoint
    friend bool operator==(const etcd_settings&, const etcd_settings&) = default;
};

} // namespace herald::fleet
