#include "herald/health/ntp_probe.hpp"

#include "conversation.hpp"

#include "herald/health/ntp_message.hpp"

#include <fmt/format.h>
#include <random>

namespace herald::health {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::uint64_t random_timestamp() {
    std::random_device source;
    return std::uint64_t{source()} << 32U | source();
}

class ntp_conversation final : public conversation {
public:
    ntp_conversation(const asio::any_io_executor& executor, ntp_settings settings)
        : conversation(executor)
        , settings_(std::move(settings))
        , datagrams_(executor) {}

    asio::awaitable<probe_result> talk() override;

private:
    void close() override { datagrams_.close(); }
    asio::awaitable<error_code> await_reply(probe_result& judged);

    ntp_settings settings_;
    std::uint64_t transmit_ = random_timestamp();
    datagram_connection datagrams_;
};

asio::awaitable<probe_result> ntp_conversation::talk() {
    probe_result failure;
    auto choices = co_await resolve(settings_.host, failure);
    if (choices.empty())
        co_return failure;
    const auto packet = ntp_request(transmit_);
    const std::vector<std::uint8_t> request(packet.begin(), packet.end());
    error_code error;
    for (const auto& address : choices) {
        probe_result judged;
        now("waiting for the reply");
        error = co_await datagrams_.send({address, settings_.port}, request);
        if (!error)
            error = co_await await_reply(judged);
        if (!error)
            co_return judged;
    }
    co_return failed(in_words(error));
}

asio::awaitable<error_code> ntp_conversation::await_reply(probe_result& judged) {
    unsigned others = 0;
    std::vector<std::uint8_t> packet;
    while (true) {
        if (auto error = co_await datagrams_.receive(packet))
            co_return error;
        if (auto found = judge_ntp_reply(settings_, transmit_, packet)) {
            judged = *std::move(found);
            co_return error_code{};
        }
        now(fmt::format("waiting for the reply; {} came that did not answer the request",
                        ++others));
    }
}

} // namespace

std::unique_ptr<probe_run> ntp_probe::start(probe_handler done) {
    return hold(std::make_shared<ntp_conversation>(executor_, settings_), std::move(done));
}

} // namespace herald::health
