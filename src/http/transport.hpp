#pragma once

#include "herald/http/stream.hpp"
#include "herald/http/tls_interface.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace herald::http {

/// What came of sending or receiving. Without an error, nothing received is the end.
struct transfer {
    std::size_t count = 0;
    std::string error; // for people
};

/// A connection as HTTP sees it, over TCP or over TLS.
class transport {
public:
    virtual ~transport() = default;
    virtual boost::asio::awaitable<transfer> send(const std::string& text) = 0;
    virtual boost::asio::awaitable<transfer> receive(std::span<char> into) = 0;
};

class plain_transport final : public transport {
public:
    explicit plain_transport(stream& connection) : connection_(connection) {}
    boost::asio::awaitable<transfer> send(const std::string& text) override;
    boost::asio::awaitable<transfer> receive(std::span<char> into) override;

private:
    stream& connection_;
};

class tls_transport final : public transport {
public:
    tls_transport(stream& connection, from_module<tls_engine> engine)
        : network_(connection)
        , engine_(std::move(engine)) {}
    boost::asio::awaitable<transfer> handshake();
    boost::asio::awaitable<transfer> send(const std::string& text) override;
    boost::asio::awaitable<transfer> receive(std::span<char> into) override;
    const tls_engine& engine() const { return *engine_; }

private:
    using step = std::function<tls_progress()>;

    /// Tries `next` until it needs no more from the network.
    boost::asio::awaitable<transfer> advance(step next);
    std::string to_be_sent();

    plain_transport network_;
    from_module<tls_engine> engine_;
};

} // namespace herald::http
