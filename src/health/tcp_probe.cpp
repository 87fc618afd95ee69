#include "herald/health/tcp_probe.hpp"

#include "conversation.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace herald::health {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class tcp_conversation final : public conversation {
public:
    tcp_conversation(const asio::any_io_executor& executor, tcp_settings settings)
        : conversation(executor)
        , settings_(std::move(settings))
        , connection_(executor) {}

    asio::awaitable<probe_result> talk() override;

private:
    void close() override { connection_.close(); }
    asio::awaitable<probe_result> exchange();
    asio::awaitable<probe_result> expect();

    tcp_settings settings_;
    stream_connection connection_;
};

asio::awaitable<probe_result> tcp_conversation::talk() {
    probe_result failure;
    auto choices = co_await resolve(settings_.host, failure);
    if (choices.empty())
        co_return failure;
    now("connecting");
    if (auto error = co_await connection_.connect(choices, settings_.port))
        co_return failed(in_words(error));
    co_return co_await exchange();
}

asio::awaitable<probe_result> tcp_conversation::exchange() {
    if (!settings_.send.empty()) {
        now("sending");
        auto [error, sent] = co_await asio::async_write(connection_.socket(),
                                                        asio::buffer(settings_.send), as_result);
        if (error)
            co_return failed(fmt::format("while sending: {}", in_words(error)));
    }
    if (settings_.expect.empty())
        co_return passed();
    co_return co_await expect();
}

asio::awaitable<probe_result> tcp_conversation::expect() {
    now("waiting for the expected answer");
    std::string received;
    std::array<char, 4096> piece;
    while (received.size() < search_limit) {
        auto [error, count] =
            co_await connection_.socket().async_read_some(asio::buffer(piece), as_result);
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

} // namespace

std::unique_ptr<probe_run> tcp_probe::start(probe_handler done) {
    return hold(std::make_shared<tcp_conversation>(executor_, settings_), std::move(done));
}

} // namespace herald::health
