#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herald::health {

/// A URL of http or https, RFC 9110 §4.2.
struct http_url {
    bool tls = false;
    std::string host; // a name or an address, IPv6 without its brackets
    std::uint16_t port = 80;
    std::string target = "/"; // path and query, as they are sent
    friend bool operator==(const http_url&, const http_url&) = default;
};

/// The error says what is wrong with the text.
std::expected<http_url, std::string> parse_http_url(std::string_view text);

/// The value of the Host field, RFC 9110 §7.2: with brackets around an IPv6 address, and without
/// the scheme's own port.
std::string host_field(const http_url& url);

/// Status codes from `first` to `last`, both included.
struct status_range {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    friend bool operator==(const status_range&, const status_range&) = default;
};

/// "204" or "200-299".
std::expected<status_range, std::string> parse_status_range(std::string_view text);

/// Where to connect: a host and a port, or a UNIX socket's path.
struct http_address {
    std::string host;
    std::uint16_t port = 0;
    std::string path; // empty: host and port count
    friend bool operator==(const http_address&, const http_address&) = default;
};

/// Sends one request and judges the response. Redirects are not followed.
struct http_settings {
    http_url url;
    http_address connect_to; // the URL's host and port where nothing else is said
    std::string method = "GET";
    std::vector<std::pair<std::string, std::string>> headers; // they replace herald's own
    std::vector<status_range> expect_status{{200, 299}};
    std::string expect_body; // is looked for in the first 64 KiB of the content
    bool verify = true;      // the certificate: its chain, its dates and its name
    std::string ca_file;     // PEM; empty: the system's authorities
    friend bool operator==(const http_settings&, const http_settings&) = default;
};

} // namespace herald::health
