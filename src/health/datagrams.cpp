#include "datagrams.hpp"

#include <tuple>

namespace herald::health {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

asio::awaitable<error_code> datagrams::send(udp::endpoint to,
                                            const std::vector<std::uint8_t>& message) {
    error_code error;
    socket_.close(error);
    socket_.open(to.protocol(), error);
    if (!error)
        socket_.connect(to, error);
    if (!error)
        std::tie(error, std::ignore) =
            co_await socket_.async_send(asio::buffer(message), http::as_result);
    co_return error;
}

asio::awaitable<error_code> datagrams::receive(std::vector<std::uint8_t>& message) {
    constexpr std::size_t longest = 4096; // more than the replies to queries like ours have
    message.resize(longest);
    auto [error, count] = co_await socket_.async_receive(asio::buffer(message), http::as_result);
    message.resize(error ? 0 : count);
    co_return error;
}

} // namespace herald::health
