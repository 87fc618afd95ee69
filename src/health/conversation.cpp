#include "conversation.hpp"

#include "herald/health/last_line.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <cctype>
#include <exception>
#include <fmt/format.h>
#include <tuple>

namespace herald::health {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

namespace {

using stream_socket = stream_connection::protocol::socket;

/// A port of this host that nobody listens on can be given to the very socket that dials it; TCP
/// then connects it to itself (RFC 9293 §3.5, simultaneous open), and nobody has answered.
bool connected_to_itself(const stream_socket& socket) {
    error_code error;
    auto local = socket.local_endpoint(error);
    return !error && local.protocol().family() != AF_UNIX &&
           local == socket.remote_endpoint(error) && !error;
}

/// Takes what has come in unread, as a close before that resets the connection (RFC 9293 §3.6.1)
/// and the service logs an error; and then closes it.
void close_orderly(stream_socket& socket) {
    error_code error;
    std::array<char, 4096> rest;
    socket.non_blocking(true, error);
    for (std::size_t taken = 0; !error && taken < search_limit;)
        taken += socket.read_some(asio::buffer(rest), error);
    socket.shutdown(stream_socket::shutdown_both, error);
    socket.close(error);
}

class conversation_run final : public probe_run {
public:
    explicit conversation_run(std::shared_ptr<conversation> held) : held_(std::move(held)) {}
    ~conversation_run() override { held_->end(); }

    std::string progress() const override { return held_->progress(); }

private:
    std::shared_ptr<conversation> held_;
};

} // namespace

probe_result passed(const std::string& output) {
    probe_result result;
    result.outcome = verdict::pass;
    result.output = printable(output);
    return result;
}

probe_result failed(const std::string& output) {
    probe_result result;
    result.output = printable(output);
    return result;
}

probe_result could_not_run(const std::string& output) {
    auto result = failed(output);
    result.could_run = false;
    return result;
}

std::string in_words(const error_code& error) {
    auto text = error.message();
    if (!text.empty())
        text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    return text;
}

void conversation::end() {
    ended_ = true;
    resolver_.cancel();
    close();
}

std::string conversation::progress() const {
    return printable(progress_);
}

asio::awaitable<std::vector<asio::ip::address>> conversation::resolve(std::string host,
                                                                      probe_result& failure) {
    std::vector<asio::ip::address> found;
    error_code error;
    if (auto literal = asio::ip::make_address(host, error); !error) {
        found.push_back(literal);
        co_return found;
    }
    now(fmt::format("resolving {}", host));
    auto [unresolved, results] = co_await resolver_.async_resolve(host, "", as_result);
    if (unresolved)
        failure = could_not_run(fmt::format("cannot resolve {}: {}", host, in_words(unresolved)));
    for (const auto& entry : results)
        found.push_back(entry.endpoint().address());
    co_return found;
}

std::unique_ptr<probe_run> hold(std::shared_ptr<conversation> held, probe_handler done) {
    auto result = std::make_unique<conversation_run>(held);
    // What goes wrong beyond errors of the network (no memory) must not end a daemon: it is the
    // run's failure.
    auto finish = [held, done = std::move(done)](const std::exception_ptr& thrown,
                                                 probe_result found) {
        if (!held->ended())
            done(thrown ? failed("out of memory") : std::move(found));
    };
    asio::co_spawn(held->executor(), held->talk(), std::move(finish));
    return result;
}

asio::awaitable<error_code> stream_connection::connect(std::vector<asio::ip::address> choices,
                                                       std::uint16_t port) {
    error_code error = asio::error::host_not_found;
    for (const auto& address : choices) {
        error = co_await connect(protocol::endpoint(asio::ip::tcp::endpoint(address, port)));
        if (!error || closed_)
            break;
    }
    co_return error;
}

asio::awaitable<error_code> stream_connection::connect(protocol::endpoint choice) {
    error_code error = asio::error::operation_aborted;
    if (closed_)
        co_return error;
    error_code ignored;
    socket_.close(ignored);
    std::tie(error) = co_await socket_.async_connect(choice, as_result);
    if (!error && connected_to_itself(socket_))
        error = asio::error::connection_refused;
    co_return error;
}

void stream_connection::close() {
    closed_ = true;
    close_orderly(socket_);
}

asio::awaitable<error_code> datagram_connection::send(udp::endpoint to,
                                                      const std::vector<std::uint8_t>& message) {
    error_code error = asio::error::operation_aborted;
    if (closed_)
        co_return error;
    socket_.close(error);
    socket_.open(to.protocol(), error);
    if (!error)
        socket_.connect(to, error);
    if (!error)
        std::tie(error, std::ignore) =
            co_await socket_.async_send(asio::buffer(message), as_result);
    co_return error;
}

asio::awaitable<error_code> datagram_connection::receive(std::vector<std::uint8_t>& message) {
    constexpr std::size_t longest = 4096; // more than the replies to queries like ours have
    message.resize(longest);
    auto [error, count] = co_await socket_.async_receive(asio::buffer(message), as_result);
    message.resize(error ? 0 : count);
    co_return error;
}

void datagram_connection::close() {
    error_code ignored;
    closed_ = true;
    socket_.close(ignored);
}

} // namespace herald::health
