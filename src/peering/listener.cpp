#include "herald/peering/listener.hpp"

#include "as_result.hpp"
#include "herald/peering/spawn.hpp"
#include "without_scope.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <string_view>
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

std::expected<void, std::string>
listener::inherit(const tcp::endpoint& endpoint, int descriptor,
                  const std::vector<neighbor_settings>& neighbors) {
    endpoint_ = endpoint;
    error_code failed;
    acceptor_.assign(endpoint.protocol(), descriptor, failed);
    if (!failed && acceptor_.local_endpoint(failed) != endpoint)
        failed = asio::error::invalid_argument;
    if (!failed)
        failed = net::set_close_on_exec(descriptor);
    if (failed) {
        stop();
        return std::unexpected(fmt::format("cannot go on listening on {} port {}: {}",
                                           endpoint.address().to_string(), endpoint.port(),
                                           failed.message()));
    }
    change_keys(neighbors);
    spawn(executor_, accept_loop(shared_from_this()));
    return {};
}

error_code listener::open(const tcp::endpoint& endpoint,
                          const std::vector<neighbor_settings>& neighbors) {
    error_code failed;
    auto v6 = endpoint.address().is_v6();
    if (acceptor_.open(endpoint.protocol(), failed); failed)
        return failed;
    if (auto error = net::set_close_on_exec(acceptor_.native_handle()))
        return error;
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
    change_keys(neighbors); // before the first connection
    if (acceptor_.bind(endpoint, failed); failed)
        return failed;
    acceptor_.listen(SOMAXCONN, failed);
    return failed;
}

/// What nobody wants goes first: that makes room for others. The kernel looks for keys by the
/// address alone.
void listener::change_keys(const std::vector<neighbor_settings>& neighbors) {
    std::map<asio::ip::address, std::string_view> wanted;
    for (const auto& neighbor : neighbors)
        if (!neighbor.password.empty() && is_found(neighbor) &&
            neighbor.address.is_v6() == endpoint_.address().is_v6())
            wanted.emplace(without_scope(neighbor.address), neighbor.password);
    const auto socket = acceptor_.native_handle();
    std::erase_if(keys_, [&](const auto& one) {
        if (wanted.contains(one.first))
            return false;
        [[maybe_unused]] const auto unheeded = net::set_md5_key(socket, one.first, {});
        return true;
    });
    for (const auto& [peer, password] : wanted) {
        auto& key = keys_[peer];
        if (key.password != password || key.error)
            key = {std::string(password), net::set_md5_key(socket, peer, password)};
    }
}

std::error_code listener::key_error(const neighbor_settings& neighbor) const {
    const auto found = keys_.find(without_scope(neighbor.address));
    return found == keys_.end() ? std::error_code() : found->second.error;
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
            on_connection_(*this, std::move(socket));
            continue;
        }
        asio::steady_timer pause(executor_, accept_pause);
        co_await pause.async_wait(as_result);
    }
}

} // namespace herald::peering
