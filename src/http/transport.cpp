#include "transport.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace herald::http {

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
    step next = [this] { return engine_->handshake(); };
    auto result = co_await advance(std::move(next));
    if (result.error.empty() && result.count == 0)
        result.error = "closed in the TLS handshake";
    co_return result;
}

asio::awaitable<transfer> tls_transport::send(const std::string& text) {
    step next = [this, &text] { return engine_->write(text.data(), text.size()); };
    co_return co_await advance(std::move(next));
}

asio::awaitable<transfer> tls_transport::receive(std::span<char> into) {
    std::size_t count = 0;
    step next = [this, into, &count] { return engine_->read(into.data(), into.size(), count); };
    auto result = co_await advance(std::move(next));
    result.count = count;
    co_return result;
}

std::string tls_transport::to_be_sent() {
    std::string octets;
    std::array<char, 4096> piece;
    while (const auto count = engine_->take(piece.data(), piece.size()))
        octets.append(piece.data(), count);
    return octets;
}

asio::awaitable<transfer> tls_transport::advance(step next) {
    std::array<char, 4096> piece;
    while (true) {
        const auto progress = next();
        // A failure's alert is sent too; what matters is the failure.
        const auto octets = to_be_sent();
        transfer moved{1, {}};
        if (!octets.empty())
            moved = co_await network_.send(octets);
        if (progress == tls_progress::failed) {
            module_text why;
            engine_->failure(why);
            co_return transfer{0, why.get()};
        }
        if (progress == tls_progress::closed)
            co_return transfer{};
        if (progress == tls_progress::done || !moved.error.empty())
            co_return transfer{1, moved.error};
        moved = co_await network_.receive(piece);
        if (moved.count == 0)
            co_return moved;
        engine_->feed(piece.data(), moved.count);
    }
}

} // namespace herald::http
