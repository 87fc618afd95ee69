#pragma once

#include "herald/net/socket_options.hpp"
#include "herald/peering/peering_settings.hpp"
#include "herald/wire/cursor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>

namespace herald::peering {

using boost::system::error_code;

struct io_result {
    error_code error;
    std::size_t count = 0;
};

/// One TCP connection as a session sees it: the seam at which tests make every step fail.
class transport {
public:
    virtual ~transport() = default;

    virtual boost::asio::awaitable<error_code> connect() = 0;
    /// Does not wait: at least one octet, or an error: `would_block` when there is none now, `eof`
    /// when the peer closed.
    virtual io_result read_some(std::span<std::uint8_t> into) = 0;
    virtual boost::asio::awaitable<error_code> wait_readable() = 0;
    /// Does not wait: `would_block` when the peer's TCP takes nothing now. The first of `from` goes
    /// first.
    virtual io_result write_some(std::span<const wire::octets> from) = 0;
    virtual boost::asio::awaitable<error_code> wait_writable() = 0;
    virtual void shutdown_send() = 0;
    /// How long TCP waits for the peer to take or acknowledge octets before it ends the connection,
    /// RFC 5482; 0: as long as the system does.
    virtual void set_user_timeout(std::chrono::milliseconds timeout) = 0;
    virtual void close() = 0;
    /// Octets written and not yet acknowledged by the peer's TCP.
    virtual std::size_t unacknowledged() const = 0;
    /// The socket's; it stays the transport's.
    virtual int descriptor() const = 0;
    /// Of this end; unspecified while not connected. An IPv6 link-local one carries its scope.
    virtual boost::asio::ip::address local_address() const = 0;
};

/// A transport that dials this neighbor.
std::unique_ptr<transport> make_dialler(boost::asio::any_io_executor executor,
                                        const neighbor_settings& settings);
/// A transport over a connection that this neighbor opened. The error: the socket could not be
/// given what the settings ask for, TTL security say, and must not be used.
std::expected<std::unique_ptr<transport>, error_code>
make_accepted(boost::asio::ip::tcp::socket socket, const neighbor_settings& settings);
/// A transport over the socket of a connection with this neighbor that the program before this one
/// had: it was given then what the settings ask for. The error: it is no such socket; whose the
/// descriptor is stays as it was then.
std::expected<std::unique_ptr<transport>, error_code>
make_inherited(const boost::asio::any_io_executor& executor, int descriptor,
               const neighbor_settings& settings);

} // namespace herald::peering
