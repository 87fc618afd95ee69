#include "transport.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace herald::health {

namespace asio = boost::asio;

asio::awaitable<transfer> plain_transport::send(const std::string& text) {
    auto [error, count] =
        co_await asio::async_write(connection_.socket(), asio::buffer(text), as_result);
    co_return transfer{count, error ? in_words(error) : ""};
}

asio::awaitable<transfer> plain_transport::receive(std::span<char> into) {
    auto [error, count] = co_await connection_.socket().async_read_some(
        asio::buffer(into.data(), into.size()), as_result);
    co_return transfer{count, error && error != asio::error::eof ? in_words(error) : ""};
}

asio::awaitable<transfer> tls_transport::handshake() {
    auto result = co_await advance([this] { return session_.handshake(); });
    if (result.error.empty() && result.count == 0)
        result.error = "closed in the TLS handshake";
    co_return result;
}

asio::awaitable<transfer> tls_transport::send(const std::string& text) {
    co_return co_await advance([this, &text] { return session_.write(text); });
}

asio::awaitable<transfer> tls_transport::receive(std::span<char> into) {
    std::size_t count = 0;
    auto result = co_await advance([this, into, &count] { return session_.read(into, count); });
    result.count = count;
    co_return result;
}

asio::awaitable<transfer> tls_transport::advance(std::function<tls_progress()> step) {
    std::array<char, 4096> piece;
    while (true) {
        const auto progress = step();
        // A failure's alert is sent too; what matters is the failure.
        const auto octets = session_.take();
        transfer moved{1, {}};
        if (!octets.empty())
            moved = co_await network_.send(octets);
        if (progress == tls_progress::failed)
            co_return transfer{0, session_.failure()};
        if (progress == tls_progress::closed)
            co_return transfer{};
        if (progress == tls_progress::done || !moved.error.empty())
            co_return transfer{1, moved.error};
        moved = co_await network_.receive(piece);
        if (moved.count == 0)
            co_return moved;
        session_.feed(std::span(piece).first(moved.count));
    }
}

} // namespace herald::health
