#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace herald::net {

/// A socket as the operating system names it.
using native_socket = int;

/// What follows sets one option each, before a socket connects or listens; the error is the
/// operating system's. `v6` says which protocol the socket speaks.

/// The key for segments from and to `peer`, RFC 2385. An empty key removes it. EINVAL: a key of
/// more than 80 octets; ENOPROTOOPT: a kernel without TCP MD5.
std::error_code set_md5_key(native_socket socket, const boost::asio::ip::address& peer,
                            std::string_view key);

/// The least TTL (hop limit) that arriving segments may carry, RFC 5082.
std::error_code set_minimum_ttl(native_socket socket, bool v6, std::uint8_t ttl);

/// The TTL (hop limit) of the segments sent.
std::error_code set_ttl(native_socket socket, bool v6, std::uint8_t ttl);

/// recvmsg() tells the TTL (hop limit) of each datagram.
std::error_code report_ttl(native_socket socket, bool v6);

/// The DSCP of the segments sent, CS6 for routing, RFC 4594 §3.1.
std::error_code set_dscp(native_socket socket, bool v6, std::uint8_t dscp);
inline constexpr std::uint8_t dscp_cs6 = 48;

/// How long sent octets may stay unacknowledged before the connection is given up, RFC 5482.
std::error_code set_user_timeout(native_socket socket, std::chrono::milliseconds timeout);

/// The program that replaces this one, or a child, does not inherit the socket.
std::error_code set_close_on_exec(native_socket socket);

/// TCP takes no more octets while it has as many that it has not sent (TCP_NOTSENT_LOWAT).
std::error_code set_unsent_limit(native_socket socket, std::size_t octets);

/// Octets written to the socket that the peer's TCP has not acknowledged yet; -1 on error.
int unacknowledged_octets(native_socket socket);

} // namespace herald::net
