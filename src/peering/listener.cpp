#include "herald/peering/listener.hpp"

#include "as_result.hpp"
#include "herald/peering/spawn.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

namespace herald::peering {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// With no descriptor or memory left, accepting is tried again after this.
constexpr std::chrono::milliseconds accept_pause{100};

} // namespace

listener::listener(asio::any_io_executor executor, receiver on_connection)
    : executor_(executor)
    , acceptor_(executor)
    , on_connection_(std::move(on_connection)) {}

std::expected<void, std::string> listener::listen(const asio::ip::address& address,
                                                  std::uint16_t port,
                                                  const std::vector<neighbor_settings>& neighbors) {
    endpoint_ = tcp::endpoint(address, port);
    if (auto error = open(endpoint_, neighbors)) {
        stop();
        const bool privileged = error == boost::system::errc::permission_denied;
        return std::unexpected(fmt::format("cannot listen on {} port {}: {}{}", address.to_string(),
                                           port, error.message(),
                                           privileged ? ", without CAP_NET_BIND_SERVICE" : ""));
    }
    spawn(executor_, accept_loop(shared_from_this()));
    return {};
}

error_code listener::open(const tcp::endpoint& endpoint,
                          const std::vector<neighbor_settings>& neighbors) {
    error_code failed;
    auto v6 = endpoint.address().is_v6();
    if (acceptor_.open(endpoint.protocol(), failed); failed)
        return failed;
    if (acceptor_.set_option(tcp::acceptor::reuse_address(true), failed); failed)
        return failed;
    if (v6)
        if (acceptor_.set_option(asio::ip::v6_only(true), failed); failed)
            return failed;
    // A SYN-ACK must satisfy a peer that has GTSM; the sessions set their own TTL, RFC 5082 §3.
    if (auto error = net::set_ttl(acceptor_.native_handle(), v6, 255))
        return error;
    if (auto error = net::set_dscp(acceptor_.native_handle(), v6, net::dscp_cs6))
        return error;
    for (const auto& neighbor : neighbors)
        if (!neighbor.password.empty() && neighbor.address.is_v6() == v6)
            if (auto error = net::set_md5_key(acceptor_.native_handle(), neighbor.address,
                                              neighbor.password))
                return error;
    if (acceptor_.bind(endpoint, failed); failed)
        return failed;
    acceptor_.listen(SOMAXCONN, failed);
    return failed;
}

void listener::set_key(const asio::ip::address& peer, const std::string& password) {
    // Removing a key that is not there is an error without consequence; one that the kernel had no
    // memory for shows as sessions that do not come up.
    if (peer.is_v6() != endpoint_.address().is_v6())
        return;
    [[maybe_unused]] const auto unheeded =
        net::set_md5_key(acceptor_.native_handle(), peer, password);
}

void listener::stop() {
    error_code ignored;
    acceptor_.close(ignored);
}

asio::awaitable<void> listener::accept_loop([[maybe_unused]] std::shared_ptr<listener> self) {
    while (acceptor_.is_open()) {
        auto [error, socket] = co_await acceptor_.async_accept(as_result);
        if (!acceptor_.is_open())
            co_return;
        if (!error) {
            on_connection_(std::move(socket));
            continue;
        }
        asio::steady_timer pause(executor_, accept_pause);
        co_await pause.async_wait(as_result);
    }
}

} // namespace herald::peering
