#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace herald::config {

/// Texts to values. An error says what the text is not, and what would be right.

/// An address of one host: not unspecified, multicast or broadcast, and no IPv4 address in an IPv6
/// one. A link-local one is followed by % and an interface of this machine, RFC 4007 §11.
std::expected<boost::asio::ip::address, std::string> parse_host_address(std::string_view text);
std::expected<boost::asio::ip::address_v4, std::string> parse_next_hop_ipv4(std::string_view text);
std::expected<boost::asio::ip::address_v6, std::string> parse_next_hop_ipv6(std::string_view text);
/// An address of one host that is not link-local.
std::expected<boost::asio::ip::address, std::string> parse_service_address(std::string_view text);
/// Where to listen: also the unspecified address of either family.
std::expected<boost::asio::ip::address, std::string> parse_listen_address(std::string_view text);

/// A BGP identifier: four octets, not all zero, RFC 6286 §2.1.
std::expected<std::uint32_t, std::string> parse_router_id(std::string_view text);

struct endpoint {
    std::string host;
    std::uint16_t port = 0;
};
/// "host:port" or "[address]:port".
std::expected<endpoint, std::string> parse_endpoint(std::string_view text);

/// An address to listen on, and a port.
std::expected<boost::asio::ip::tcp::endpoint, std::string>
parse_tcp_endpoint(std::string_view text);

/// A name that stands in paths of URLs and labels of metrics as it is: up to 64 of letters, digits
/// and . _ : % -, among them a letter or a digit.
std::expected<std::string, std::string> parse_name(std::string_view text);

/// File permissions: "0660".
std::expected<std::uint32_t, std::string> parse_file_mode(std::string_view text);

/// A file's path that is not empty.
std::expected<std::string, std::string> parse_path(std::string_view text);
/// One that does not depend on where the daemon was started.
std::expected<std::string, std::string> parse_absolute_path(std::string_view text);

/// The name of a network interface, which need not exist.
std::expected<std::string, std::string> parse_interface(std::string_view text);

} // namespace herald::config
