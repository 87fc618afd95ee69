#pragma once

#include "conversation.hpp"
#include "tls_session.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace herald::health {

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
    explicit plain_transport(stream_connection& connection) : connection_(connection) {}
    boost::asio::awaitable<transfer> send(const std::string& text) override;
    boost::asio::awaitable<transfer> receive(std::span<char> into) override;

private:
    stream_connection& connection_;
};

class tls_transport final : public transport {
public:
    tls_transport(stream_connection& connection, tls_session session)
        : network_(connection)
        , session_(std::move(session)) {}
    boost::asio::awaitable<transfer> handshake();
    boost::asio::awaitable<transfer> send(const std::string& text) override;
    boost::asio::awaitable<transfer> receive(std::span<char> into) override;

private:
    /// Tries `step` until it needs no more from the network.
    boost::asio::awaitable<transfer> advance(std::function<tls_progress()> step);

    plain_transport network_;
    tls_session session_;
};

} // namespace herald::health
