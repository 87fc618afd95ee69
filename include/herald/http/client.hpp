#pragma once

#include "herald/http/stream.hpp"
#include "herald/http/tls.hpp"

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace herald::http {

/// What is sent.
struct request {
    std::string method = "GET";
    std::string target = "/";                                 // path and query
    std::string host;                                         // the field's value
    std::vector<std::pair<std::string, std::string>> headers; // they replace herald's own
    std::string content = {};
    bool keep = false; // the connection, for another request; else it is to be closed
};

/// What a response begins with.
struct response {
    unsigned status = 0;
    std::string reason; // the usual one if the server gave none
    std::string location;
};

/// The most that the status line and the fields of a response may take.
inline constexpr std::uint32_t header_limit = 65536;

/// A connection for requests over HTTP/1.1, one after the other: first connect(), then secure() for
/// https, and for each request send(), receive(), and read() as often as it takes. Each ends early
/// when its coroutine is cancelled, and the connection is of no use then. An error is a line for
/// people.
class client {
public:
    explicit client(boost::asio::any_io_executor executor);
    ~client();
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    boost::asio::awaitable<std::string> connect(addresses choices, std::uint16_t port);
    /// To a UNIX socket.
    boost::asio::awaitable<std::string> connect(std::string path);
    /// The TLS handshake, with a context for it and for a host that the certificate must be for.
    boost::asio::awaitable<std::string> secure(std::shared_ptr<const tls_context> context,
                                               std::string host, tls_memory& memory);
    boost::asio::awaitable<std::string> send(request what);
    /// Past the interim responses, RFC 9110 §15.2.
    boost::asio::awaitable<std::expected<response, std::string>> receive();
    /// More of the content, at most `most` octets of it; empty at its end only.
    boost::asio::awaitable<std::expected<std::string, std::string>> read(std::size_t most);
    /// Whether another request may be sent: the last response was read to its end, and the service
    /// has kept the connection since then.
    bool reusable() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace herald::http
