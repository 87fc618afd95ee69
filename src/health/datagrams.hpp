#pragma once

#include "herald/http/await.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <vector>

namespace herald::health {

/// UDP to one address and port, and from there alone.
class datagrams {
public:
    explicit datagrams(const boost::asio::any_io_executor& executor) : socket_(executor) {}

    /// Sends from a port that the kernel picks anew.
    boost::asio::awaitable<boost::system::error_code>
    send(boost::asio::ip::udp::endpoint to, const std::vector<std::uint8_t>& message);
    /// The next datagram, or the error that came in its place: nobody listens there …
    boost::asio::awaitable<boost::system::error_code> receive(std::vector<std::uint8_t>& message);

private:
    boost::asio::ip::udp::socket socket_;
};

} // namespace herald::health
