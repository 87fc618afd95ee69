#include "herald/http/stream.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>
#include <cerrno>
#include <sys/socket.h>
#include <tuple>

namespace herald::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// A port of this host that nobody listens on can be given to the very socket that dials it; TCP
/// then connects it to itself (RFC 9293 §3.5, simultaneous open), and nobody has answered.
bool connected_to_itself(const stream::protocol::socket& socket) {
    error_code error;
    auto local = socket.local_endpoint(error);
    return !error && local.protocol().family() != AF_UNIX &&
           local == socket.remote_endpoint(error) && !error;
}

} // namespace

/// A FIN, which is the end that the peer reads, and then at once a reset, which ends the connection
/// here.
stream::~stream() {
    error_code ignored;
    socket_.shutdown(protocol::socket::shutdown_send, ignored);
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

bool stream::is_quiet() {
    char octet = 0;
    return ::recv(socket_.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           errno == EAGAIN;
}

asio::awaitable<error_code> stream::connect(addresses choices, std::uint16_t port) {
    error_code error = asio::error::host_not_found;
    for (const auto& address : choices) {
        const protocol::endpoint choice(asio::ip::tcp::endpoint(address, port));
        error = co_await connect(choice);
        if (!error)
            break;
    }
    co_return error;
}

asio::awaitable<error_code> stream::connect(protocol::endpoint choice) {
    error_code error;
    socket_.close(error);
    std::tie(error) = co_await socket_.async_connect(choice, as_result);
    if (!error && connected_to_itself(socket_))
        error = asio::error::connection_refused;
    co_return error;
}

} // namespace herald::http
