#include "datagrams.hpp"
#include "results.hpp"

#include "herald/health/ntp_message.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <random>

namespace herald::health {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

std::uint64_t random_timestamp() {
    std::random_device source;
    return std::uint64_t{source()} << 32U | source();
}

struct sent_request {
    const ntp_settings& settings;
    std::uint64_t transmit = random_timestamp();
};

/// Waits for one that answers; what else comes does not.
asio::awaitable<error_code> await_reply(const sent_request& asked, datagrams& server,
                                        run_state& state, probe_result& judged) {
    unsigned others = 0;
    std::vector<std::uint8_t> packet;
    while (true) {
        const auto error = co_await server.receive(packet);
        if (error)
            co_return error;
        if (auto found = judge_ntp_reply(asked.settings, asked.transmit, packet)) {
            judged = *std::move(found);
            co_return error_code{};
        }
        state.at =
            fmt::format("waiting for the reply; {} came that did not answer the request", ++others);
    }
}

} // namespace

asio::awaitable<probe_result> run(const ntp_settings& settings, run_state& state) {
    probe_result failure;
    const auto choices = co_await resolve(settings.host, state, failure);
    if (choices.empty())
        co_return failure;
    const sent_request asked{settings};
    const auto packet = ntp_request(asked.transmit);
    const std::vector<std::uint8_t> request(packet.begin(), packet.end());
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    datagrams server(executor);
    error_code error;
    for (const auto& address : choices) {
        probe_result judged;
        state.at = "waiting for the reply";
        const asio::ip::udp::endpoint to(address, settings.port);
        error = co_await server.send(to, request);
        if (!error)
            error = co_await await_reply(asked, server, state, judged);
        if (!error)
            co_return judged;
    }
    co_return failed(http::in_words(error));
}

} // namespace herald::health
