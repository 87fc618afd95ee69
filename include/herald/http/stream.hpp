#pragma once

#include "herald/http/await.hpp"
#include "herald/http/resolver.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstdint>

namespace herald::http {

/// A connection that we open, to a TCP port or a UNIX socket. However it ends, the peer sees an
/// orderly end of what we sent, and nothing of it stays in our kernel: no TIME_WAIT (RFC 9293
/// §3.6.1), thousands of which would come from checks and take up ports.
class stream {
public:
    using protocol = boost::asio::generic::stream_protocol;

    explicit stream(const boost::asio::any_io_executor& executor) : socket_(executor) {}
    ~stream();
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    /// To the first of the addresses that answers.
    boost::asio::awaitable<boost::system::error_code> connect(addresses choices,
                                                              std::uint16_t port);
    boost::asio::awaitable<boost::system::error_code> connect(protocol::endpoint choice);
    protocol::socket& socket() { return socket_; }
    /// Whether nothing waits to be read: neither octets nor the end.
    bool is_quiet();

private:
    protocol::socket socket_;
};

} // namespace herald::http
