#include "herald/http/stream.hpp"
#include "results.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace herald::health {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

asio::awaitable<probe_result> expect(const std::string& expected, http::stream& connection,
                                     run_state& state) {
    state.at = "waiting for the expected answer";
    std::string received;
    std::array<char, 4096> piece;
    while (received.size() < search_limit) {
        auto [error, count] =
            co_await connection.socket().async_read_some(asio::buffer(piece), http::as_result);
        if (error == asio::error::eof)
            co_return failed("closed before the expected answer");
        if (error)
            co_return failed(
                fmt::format("while waiting for the expected answer: {}", http::in_words(error)));
        // It may have begun at the end of what came before.
        auto from = received.size() - std::min(received.size(), expected.size() - 1);
        received.append(piece.data(), std::min(count, search_limit - received.size()));
        if (received.find(expected, from) != std::string::npos)
            co_return passed();
    }
    co_return failed(
        fmt::format("the expected answer is not in the first {} octets", search_limit));
}

} // namespace

asio::awaitable<probe_result> run(const tcp_settings& settings, run_state& state) {
    probe_result failure;
    auto choices = co_await resolve(settings.host, state, failure);
    if (choices.empty())
        co_return failure;
    state.at = "connecting";
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    http::stream connection(executor);
    const auto unconnected = co_await connection.connect(std::move(choices), settings.port);
    if (unconnected)
        co_return failed(http::in_words(unconnected));
    if (!settings.send.empty()) {
        state.at = "sending";
        auto [error, sent] = co_await asio::async_write(
            connection.socket(), asio::buffer(settings.send), http::as_result);
        if (error)
            co_return failed(fmt::format("while sending: {}", http::in_words(error)));
    }
    if (settings.expect.empty())
        co_return passed();
    co_return co_await expect(settings.expect, connection, state);
}

} // namespace herald::health
