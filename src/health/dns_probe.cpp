#include "herald/health/dns_probe.hpp"

#include "conversation.hpp"

#include "herald/health/dns_message.hpp"

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <random>

namespace herald::health {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using addresses = std::vector<asio::ip::address>;
using octets = std::vector<std::uint8_t>;

/// Not to be guessed by who cannot see it, RFC 5452 §9.2.
std::uint16_t random_id() {
    return static_cast<std::uint16_t>(std::random_device{}());
}

class dns_conversation final : public conversation {
public:
    dns_conversation(const asio::any_io_executor& executor, dns_settings settings)
        : conversation(executor)
        , settings_(std::move(settings))
        , datagrams_(executor)
        , stream_(executor) {}

    asio::awaitable<probe_result> talk() override;

private:
    void close() override {
        datagrams_.close();
        stream_.close();
    }
    asio::awaitable<probe_result> ask_udp(addresses choices);
    asio::awaitable<error_code> await_reply(std::expected<probe_result, dns_misfit>& judged);
    asio::awaitable<probe_result> ask_tcp(addresses choices);
    asio::awaitable<error_code> exchange_tcp(octets& reply);

    dns_settings settings_;
    std::uint16_t id_ = random_id();
    octets query_;
    datagram_connection datagrams_;
    stream_connection stream_;
};

asio::awaitable<probe_result> dns_conversation::talk() {
    query_ = dns_query(settings_, id_);
    if (query_.empty())
        co_return could_not_run(fmt::format("{} cannot be asked for", settings_.name));
    probe_result failure;
    auto choices = co_await resolve(settings_.host, failure);
    if (choices.empty())
        co_return failure;
    if (settings_.tcp)
        co_return co_await ask_tcp(std::move(choices));
    co_return co_await ask_udp(std::move(choices));
}

asio::awaitable<probe_result> dns_conversation::ask_udp(addresses choices) {
    error_code error;
    for (const auto& address : choices) {
        std::expected<probe_result, dns_misfit> judged = std::unexpected(dns_misfit::unrelated);
        now("waiting for the reply");
        error = co_await datagrams_.send({address, settings_.port}, query_);
        if (!error)
            error = co_await await_reply(judged);
        if (judged)
            co_return *std::move(judged);
        if (!error) // cut: from the same server
            co_return co_await ask_tcp(addresses(1, address));
    }
    co_return failed(in_words(error));
}

/// Waits for one that answers the query; what else comes does not.
asio::awaitable<error_code>
dns_conversation::await_reply(std::expected<probe_result, dns_misfit>& judged) {
    unsigned others = 0;
    octets message;
    while (true) {
        if (auto error = co_await datagrams_.receive(message))
            co_return error;
        judged = judge_dns_reply(settings_, id_, message);
        if (judged || judged.error() == dns_misfit::truncated)
            co_return error_code{};
        now(fmt::format("waiting for the reply; {} came that did not answer the query", ++others));
    }
}

asio::awaitable<probe_result> dns_conversation::ask_tcp(addresses choices) {
    now("connecting over TCP");
    if (auto error = co_await stream_.connect(std::move(choices), settings_.port))
        co_return failed(fmt::format("over TCP: {}", in_words(error)));
    now("waiting for the reply over TCP");
    octets reply;
    auto error = co_await exchange_tcp(reply);
    if (error == asio::error::eof)
        co_return failed("over TCP: closed before the reply");
    if (error)
        co_return failed(fmt::format("over TCP: {}", in_words(error)));
    auto judged = judge_dns_reply(settings_, id_, reply);
    if (judged)
        co_return *std::move(judged);
    co_return failed(judged.error() == dns_misfit::truncated
                         ? "the reply is cut, even over TCP"
                         : "over TCP: what came does not answer the query");
}

/// A message's length goes before it, RFC 1035 §4.2.2.
asio::awaitable<error_code> dns_conversation::exchange_tcp(octets& reply) {
    std::array<std::uint8_t, 2> length{static_cast<std::uint8_t>(query_.size() >> 8U),
                                       static_cast<std::uint8_t>(query_.size())};
    octets framed(length.begin(), length.end());
    framed.insert(framed.end(), query_.begin(), query_.end());
    auto [unsent, sent] =
        co_await asio::async_write(stream_.socket(), asio::buffer(framed), as_result);
    if (unsent)
        co_return unsent;
    auto [error, count] =
        co_await asio::async_read(stream_.socket(), asio::buffer(length), as_result);
    if (error)
        co_return error;
    reply.resize(length[0] * 256U + length[1]);
    std::tie(error, count) =
        co_await asio::async_read(stream_.socket(), asio::buffer(reply), as_result);
    co_return error;
}

} // namespace

std::unique_ptr<probe_run> dns_probe::start(probe_handler done) {
    return hold(std::make_shared<dns_conversation>(executor_, settings_), std::move(done));
}

} // namespace herald::health
