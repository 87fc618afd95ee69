#include "herald/health/tcp_probe.hpp"

#include "herald/health/last_line.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cctype>
#include <exception>
#include <fmt/format.h>
#include <tuple>
#include <vector>

namespace herald::health {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// The most that is searched for the expected octets.
constexpr std::size_t search_limit = 65536;

probe_result passed() {
    probe_result result;
    result.outcome = verdict::pass;
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

/// "connection refused", as within a sentence.
std::string in_words(const error_code& error) {
    auto text = error.message();
    if (!text.empty())
        text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    return text;
}

/// A port of this host that nobody listens on can be given to the very socket that dials it; TCP
/// then connects it to itself (RFC 9293 §3.5, simultaneous open), and nobody has answered.
bool connected_to_itself(const tcp::socket& socket) {
    error_code error;
    auto local = socket.local_endpoint(error);
    return !error && local == socket.remote_endpoint(error) && !error;
}

/// Takes what has come in unread, as a close before that resets the connection (RFC 9293 §3.6.1)
/// and the service logs an error; and then closes it.
void close_orderly(tcp::socket& socket) {
    error_code error;
    std::array<char, 4096> rest;
    socket.non_blocking(true, error);
    for (std::size_t taken = 0; !error && taken < search_limit;)
        taken += socket.read_some(asio::buffer(rest), error);
    socket.shutdown(tcp::socket::shutdown_both, error);
    socket.close(error);
}

} // namespace

/// What a run does. It outlives the run where that is ended early, until its operations have
/// noticed: a name that is being looked up cannot be called off.
class tcp_probe::connection {
public:
    connection(const asio::any_io_executor& executor, tcp_settings settings)
        : settings_(std::move(settings))
        , resolver_(executor)
        , socket_(executor) {}

    asio::awaitable<probe_result> talk();
    void end();

    bool ended() const { return ended_; }
    std::string progress() const { return printable(progress_); }

private:
    using endpoints = std::vector<tcp::endpoint>;

    asio::awaitable<error_code> resolve(endpoints& found);
    asio::awaitable<error_code> connect(const endpoints& choices);
    asio::awaitable<probe_result> exchange();
    asio::awaitable<probe_result> expect();

    tcp_settings settings_;
    tcp::resolver resolver_;
    tcp::socket socket_;
    std::string progress_;
    bool ended_ = false;
};

void tcp_probe::connection::end() {
    ended_ = true;
    resolver_.cancel();
    close_orderly(socket_);
}

asio::awaitable<probe_result> tcp_probe::connection::talk() {
    endpoints choices;
    if (auto error = co_await resolve(choices))
        co_return could_not_run(
            fmt::format("cannot resolve {}: {}", settings_.host, in_words(error)));
    if (ended_)
        co_return failed({});
    if (auto error = co_await connect(choices))
        co_return failed(in_words(error));
    co_return co_await exchange();
}

asio::awaitable<error_code> tcp_probe::connection::resolve(endpoints& found) {
    error_code error;
    auto literal = asio::ip::make_address(settings_.host, error);
    if (!error) {
        found.emplace_back(literal, settings_.port);
        co_return error;
    }
    progress_ = fmt::format("resolving {}", settings_.host);
    auto [failure, results] = co_await resolver_.async_resolve(
        settings_.host, std::to_string(settings_.port), tcp::resolver::numeric_service, as_result);
    for (const auto& entry : results)
        found.push_back(entry.endpoint());
    co_return failure;
}

asio::awaitable<error_code> tcp_probe::connection::connect(const endpoints& choices) {
    progress_ = "connecting";
    error_code error = asio::error::host_not_found;
    for (const auto& endpoint : choices) {
        error_code ignored;
        socket_.close(ignored);
        std::tie(error) = co_await socket_.async_connect(endpoint, as_result);
        if (!error && connected_to_itself(socket_))
            error = asio::error::connection_refused;
        if (!error || ended_)
            break;
    }
    co_return error;
}

asio::awaitable<probe_result> tcp_probe::connection::exchange() {
    if (!settings_.send.empty()) {
        progress_ = "sending";
        auto [error, sent] =
            co_await asio::async_write(socket_, asio::buffer(settings_.send), as_result);
        if (error)
            co_return failed(fmt::format("while sending: {}", in_words(error)));
    }
    if (settings_.expect.empty())
        co_return passed();
    co_return co_await expect();
}

asio::awaitable<probe_result> tcp_probe::connection::expect() {
    progress_ = "waiting for the expected answer";
    std::string received;
    std::array<char, 4096> piece;
    while (received.size() < search_limit) {
        auto [error, count] = co_await socket_.async_read_some(asio::buffer(piece), as_result);
        if (error == asio::error::eof)
            co_return failed("closed before the expected answer");
        if (error)
            co_return failed(
                fmt::format("while waiting for the expected answer: {}", in_words(error)));
        // It may have begun at the end of what came before.
        auto from = received.size() - std::min(received.size(), settings_.expect.size() - 1);
        received.append(piece.data(), std::min(count, search_limit - received.size()));
        if (received.find(settings_.expect, from) != std::string::npos)
            co_return passed();
    }
    co_return failed(
        fmt::format("the expected answer is not in the first {} octets", search_limit));
}

class tcp_probe::run final : public probe_run {
public:
    explicit run(std::shared_ptr<connection> connection) : connection_(std::move(connection)) {}
    ~run() override { connection_->end(); }

    std::string progress() const override { return connection_->progress(); }

private:
    std::shared_ptr<connection> connection_;
};

std::unique_ptr<probe_run> tcp_probe::start(probe_handler done) {
    auto to_host = std::make_shared<connection>(executor_, settings_);
    auto result = std::make_unique<run>(to_host);
    // What goes wrong beyond errors of the network (no memory) must not end a daemon: it is the
    // run's failure.
    auto finish = [to_host, done = std::move(done)](const std::exception_ptr& thrown,
                                                    probe_result found) {
        if (!to_host->ended())
            done(thrown ? failed("out of memory") : std::move(found));
    };
    asio::co_spawn(executor_, to_host->talk(), std::move(finish));
    return result;
}

} // namespace herald::health
