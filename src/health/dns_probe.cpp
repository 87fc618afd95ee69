#include "datagrams.hpp"
#include "dns_module.hpp"
#include "results.hpp"

#include "herald/health/dns_message.hpp"
#include "herald/http/stream.hpp"

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <random>
#include <tuple>

namespace herald::health {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using octets = std::vector<std::uint8_t>;

/// Not to be guessed by who cannot see it, RFC 5452 §9.2.
std::uint16_t random_id() {
    return static_cast<std::uint16_t>(std::random_device{}());
}

struct question {
    const dns_settings& settings;
    std::uint16_t id = random_id();
    octets query = dns_query(settings, id);
};

/// Waits for one that answers the query; what else comes does not.
asio::awaitable<error_code> await_reply(const question& asked, datagrams& server, run_state& state,
                                        std::expected<probe_result, dns_misfit>& judged) {
    unsigned others = 0;
    octets message;
    while (true) {
        const auto error = co_await server.receive(message);
        if (error)
            co_return error;
        judged = judge_dns_reply(asked.settings, asked.id, message);
        if (judged || judged.error() == dns_misfit::truncated)
            co_return error_code{};
        state.at =
            fmt::format("waiting for the reply; {} came that did not answer the query", ++others);
    }
}

/// A message's length goes before it, RFC 1035 §4.2.2.
asio::awaitable<error_code> exchange(const octets& query, http::stream& server, octets& reply) {
    std::array<std::uint8_t, 2> length{static_cast<std::uint8_t>(query.size() >> 8U),
                                       static_cast<std::uint8_t>(query.size())};
    octets framed(length.begin(), length.end());
    framed.insert(framed.end(), query.begin(), query.end());
    auto [unsent, sent] =
        co_await asio::async_write(server.socket(), asio::buffer(framed), http::as_result);
    if (unsent)
        co_return unsent;
    auto [error, count] =
        co_await asio::async_read(server.socket(), asio::buffer(length), http::as_result);
    if (error)
        co_return error;
    reply.resize(length[0] * 256U + length[1]);
    std::tie(error, count) =
        co_await asio::async_read(server.socket(), asio::buffer(reply), http::as_result);
    co_return error;
}

asio::awaitable<probe_result> ask_tcp(const question& asked, http::addresses choices,
                                      run_state& state) {
    state.at = "connecting over TCP";
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    http::stream server(executor);
    auto error = co_await server.connect(std::move(choices), asked.settings.port);
    if (error)
        co_return failed(fmt::format("over TCP: {}", http::in_words(error)));
    state.at = "waiting for the reply over TCP";
    octets reply;
    error = co_await exchange(asked.query, server, reply);
    if (error == asio::error::eof)
        co_return failed("over TCP: closed before the reply");
    if (error)
        co_return failed(fmt::format("over TCP: {}", http::in_words(error)));
    auto judged = judge_dns_reply(asked.settings, asked.id, reply);
    if (judged)
        co_return *std::move(judged);
    co_return failed(judged.error() == dns_misfit::truncated
                         ? "the reply is cut, even over TCP"
                         : "over TCP: what came does not answer the query");
}

asio::awaitable<probe_result> ask_udp(const question& asked, http::addresses choices,
                                      run_state& state) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    datagrams server(executor);
    error_code error;
    for (const auto& address : choices) {
        std::expected<probe_result, dns_misfit> judged = std::unexpected(dns_misfit::unrelated);
        state.at = "waiting for the reply";
        const asio::ip::udp::endpoint to(address, asked.settings.port);
        error = co_await server.send(to, asked.query);
        if (!error)
            error = co_await await_reply(asked, server, state, judged);
        if (judged)
            co_return *std::move(judged);
        if (!error) { // cut: from the same server
            http::addresses same(1, address);
            co_return co_await ask_tcp(asked, std::move(same), state);
        }
    }
    co_return failed(http::in_words(error));
}

} // namespace

asio::awaitable<probe_result> run(const dns_settings& settings, run_state& state) {
    const auto module = load_dns();
    if (!module)
        co_return could_not_run(module.error());
    const question asked{settings};
    if (asked.query.empty())
        co_return could_not_run(fmt::format("{} cannot be asked for", settings.name));
    probe_result failure;
    auto choices = co_await resolve(settings.host, state, failure);
    if (choices.empty())
        co_return failure;
    if (settings.tcp)
        co_return co_await ask_tcp(asked, std::move(choices), state);
    co_return co_await ask_udp(asked, std::move(choices), state);
}

} // namespace herald::health
