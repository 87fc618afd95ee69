#pragma once

#include "herald/health/dns_settings.hpp"
#include "herald/health/http_settings.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace herald::health {

/// Runs a program without a shell; its first element is the program.
struct exec_settings {
    enum class exit_protocol : std::uint8_t {
        exit,   // 0 passes, anything else fails
        nagios, // 0 passes, 1 is degraded, anything else fails
    };
    std::vector<std::string> command;
    exit_protocol protocol = exit_protocol::exit;
    friend bool operator==(const exec_settings&, const exec_settings&) = default;
};

/// Opens a TCP connection, sends `send` if any, and waits until `expect`, if any, was received.
struct tcp_settings {
    std::string host; // an address or a name
    std::uint16_t port = 0;
    std::string send;
    std::string expect;
    friend bool operator==(const tcp_settings&, const tcp_settings&) = default;
};

/// Asks a server for the time, RFC 5905.
struct ntp_settings {
    std::string host; // an address or a name
    std::uint16_t port = 123;
    unsigned max_stratum = 15;
    friend bool operator==(const ntp_settings&, const ntp_settings&) = default;
};

/// Is told its results, each of which counts until the next one, and no longer than `ttl`.
struct push_settings {
    std::chrono::milliseconds ttl{10000};
    friend bool operator==(const push_settings&, const push_settings&) = default;
};

using probe_settings = std::variant<exec_settings, tcp_settings, http_settings, dns_settings,
                                    ntp_settings, push_settings>;

struct check_settings {
    std::string name;
    std::chrono::milliseconds interval{5000};
    std::chrono::milliseconds fast_interval{1000};
    std::chrono::milliseconds timeout{2000};
    unsigned rise = 3;
    unsigned fall = 3;
    bool degrades_only = false; // on_fail = "degrade"
    probe_settings probe;
    friend bool operator==(const check_settings&, const check_settings&) = default;
};

/// "exec", "tcp" …: as the configuration names it.
std::string_view type_name(const probe_settings& probe);

} // namespace herald::health
