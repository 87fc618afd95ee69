#pragma once

#include "herald/health/probe.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace herald::health {

inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

/// The most that is searched for what is expected.
inline constexpr std::size_t search_limit = 65536;

probe_result passed(const std::string& output = {});
probe_result failed(const std::string& output);
probe_result could_not_run(const std::string& output);

/// "connection refused", as within a sentence.
std::string in_words(const boost::system::error_code& error);

/// What a run over the network does. It outlives the run where that is ended early, until its
/// operations have noticed: a name that is being looked up cannot be called off.
class conversation {
public:
    explicit conversation(const boost::asio::any_io_executor& executor)
        : executor_(executor)
        , resolver_(executor) {}
    virtual ~conversation() = default;
    conversation(const conversation&) = delete;
    conversation& operator=(const conversation&) = delete;

    virtual boost::asio::awaitable<probe_result> talk() = 0;
    void end();

    bool ended() const { return ended_; }
    std::string progress() const;
    const boost::asio::any_io_executor& executor() const { return executor_; }

protected:
    /// Closes what is open, so that talk() ends, and opens nothing any more.
    virtual void close() = 0;
    void now(std::string what) { progress_ = std::move(what); }
    /// The addresses of a host, which may be one. Where there are none, `failure` says why.
    boost::asio::awaitable<std::vector<boost::asio::ip::address>> resolve(std::string host,
                                                                          probe_result& failure);

private:
    boost::asio::any_io_executor executor_;
    boost::asio::ip::tcp::resolver resolver_;
    std::string progress_;
    bool ended_ = false;
};

/// Begins the conversation; it ends with the run.
std::unique_ptr<probe_run> hold(std::shared_ptr<conversation> held, probe_handler done);

/// The connection of a conversation, to a TCP port or a UNIX socket.
class stream_connection {
public:
    using protocol = boost::asio::generic::stream_protocol;

    explicit stream_connection(const boost::asio::any_io_executor& executor) : socket_(executor) {}

    /// To the first of the addresses that answers.
    boost::asio::awaitable<boost::system::error_code>
    connect(std::vector<boost::asio::ip::address> choices, std::uint16_t port);
    boost::asio::awaitable<boost::system::error_code> connect(protocol::endpoint choice);
    protocol::socket& socket() { return socket_; }
    /// For good.
    void close();

private:
    protocol::socket socket_;
    bool closed_ = false;
};

/// UDP to one address and port, and from there alone.
class datagram_connection {
public:
    explicit datagram_connection(const boost::asio::any_io_executor& executor)
        : socket_(executor) {}

    /// Sends from a port that the kernel picks anew.
    boost::asio::awaitable<boost::system::error_code>
    send(boost::asio::ip::udp::endpoint to, const std::vector<std::uint8_t>& message);
    /// The next datagram, or the error that came in its place: nobody listens there …
    boost::asio::awaitable<boost::system::error_code> receive(std::vector<std::uint8_t>& message);
    /// For good.
    void close();

private:
    boost::asio::ip::udp::socket socket_;
    bool closed_ = false;
};

} // namespace herald::health
