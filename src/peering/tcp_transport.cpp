#include "herald/peering/environment.hpp"

#include "as_result.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <chrono>
#include <vector>

namespace herald::peering {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// Octets that TCP takes ahead of what it can send.
constexpr std::size_t unsent_limit = 32768;

std::uint8_t ttl_to_send(const neighbor_settings& settings) {
    if (settings.ttl_security)
        return 255; // RFC 5082 §3
    return settings.multihop.value_or(settings.session.internal() ? 255 : 1);
}

/// What a session's socket is given before it connects or right after it was accepted.
error_code prepare(tcp::socket& socket, const neighbor_settings& settings) {
    auto fd = socket.native_handle();
    auto v6 = settings.address.is_v6();
    if (auto error = net::set_close_on_exec(fd))
        return error;
    // What is not sent yet can still change: it waits here, not in the kernel.
    if (auto error = net::set_unsent_limit(fd, unsent_limit))
        return error;
    error_code failed;
    socket.set_option(tcp::no_delay(true), failed);
    if (failed)
        return failed;
    socket.non_blocking(true, failed);
    if (failed)
        return failed;
    if (auto error = net::set_ttl(fd, v6, ttl_to_send(settings)))
        return error;
    if (settings.ttl_security) {
        auto least = static_cast<std::uint8_t>(256 - *settings.ttl_security);
        if (auto error = net::set_minimum_ttl(fd, v6, least))
            return error;
    }
    if (auto error = net::set_dscp(fd, v6, net::dscp_cs6))
        return error;
    // One that was accepted may have come before the listener had the key.
    if (!settings.password.empty())
        if (auto error = net::set_md5_key(fd, settings.address, settings.password))
            return error;
    // While the session is opened, what the hold timer would give up TCP may give up too.
    if (auto hold = settings.session.hold_time; hold.count() > 0)
        if (auto error = net::set_user_timeout(fd, hold))
            return error;
    return {};
}

class tcp_transport final : public transport {
public:
    tcp_transport(const asio::any_io_executor& executor, neighbor_settings settings)
        : socket_(executor)
        , settings_(std::move(settings)) {}
    tcp_transport(tcp::socket socket, neighbor_settings settings)
        : socket_(std::move(socket))
        , settings_(std::move(settings)) {}

    asio::awaitable<error_code> connect() override {
        auto remote = tcp::endpoint(settings_.address, settings_.port);
        if (auto error = open(remote.protocol()))
            co_return error;
        auto [error] = co_await socket_.async_connect(remote, as_result);
        co_return error;
    }

    io_result read_some(std::span<std::uint8_t> into) override {
        io_result result;
        result.count = socket_.read_some(asio::buffer(into.data(), into.size()), result.error);
        return result;
    }

    asio::awaitable<error_code> wait_readable() override {
        auto [error] = co_await socket_.async_wait(tcp::socket::wait_read, as_result);
        co_return error;
    }

    io_result write_some(std::span<const wire::octets> from) override {
        std::vector<asio::const_buffer> buffers;
        buffers.reserve(from.size());
        for (const auto octets : from)
            buffers.emplace_back(octets.data(), octets.size());
        io_result result;
        result.count = socket_.write_some(buffers, result.error);
        return result;
    }

    asio::awaitable<error_code> wait_writable() override {
        auto [error] = co_await socket_.async_wait(tcp::socket::wait_write, as_result);
        co_return error;
    }

    void shutdown_send() override {
        error_code ignored;
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
    }

    void set_user_timeout(std::chrono::milliseconds timeout) override {
        // Without it TCP is less patient than it could be, and the session goes on.
        [[maybe_unused]] const auto unheeded =
            net::set_user_timeout(socket_.native_handle(), timeout);
    }

    void close() override {
        error_code ignored;
        socket_.close(ignored);
    }

    std::size_t unacknowledged() const override {
        auto& socket = const_cast<tcp::socket&>(socket_); // native_handle() is not const
        return static_cast<std::size_t>(
            std::max(0, net::unacknowledged_octets(socket.native_handle())));
    }

    int descriptor() const override {
        return const_cast<tcp::socket&>(socket_).native_handle(); // likewise
    }

    asio::ip::address local_address() const override {
        error_code ignored;
        return socket_.local_endpoint(ignored).address();
    }

private:
    error_code open(const tcp& protocol) {
        error_code failed;
        socket_.open(protocol, failed);
        if (failed)
            return failed;
        if (auto error = prepare(socket_, settings_))
            return error;
        if (settings_.local_address)
            socket_.bind(tcp::endpoint(*settings_.local_address, 0), failed);
        return failed;
    }

    tcp::socket socket_;
    neighbor_settings settings_;
};

} // namespace

std::unique_ptr<transport> make_dialler(asio::any_io_executor executor,
                                        const neighbor_settings& settings) {
    return std::make_unique<tcp_transport>(executor, settings);
}

environment real_environment(asio::any_io_executor executor, std::shared_ptr<time_source> time,
                             std::shared_ptr<link_facts> links) {
    environment made{
        executor, std::move(time),
        [executor](const neighbor_settings& settings) { return make_dialler(executor, settings); },
        std::move(links)};
    made.make_router_socket = [executor] { return make_router_socket(executor); };
    return made;
}

std::expected<std::unique_ptr<transport>, error_code>
make_accepted(tcp::socket socket, const neighbor_settings& settings) {
    if (auto error = prepare(socket, settings))
        return std::unexpected(error);
    return std::make_unique<tcp_transport>(std::move(socket), settings);
}

std::expected<std::unique_ptr<transport>, error_code>
make_inherited(const asio::any_io_executor& executor, int descriptor,
               const neighbor_settings& settings) {
    tcp::socket socket(executor);
    error_code failed;
    socket.assign(settings.address.is_v4() ? tcp::v4() : tcp::v6(), descriptor, failed);
    if (failed)
        return std::unexpected(failed);
    const auto remote = socket.remote_endpoint(failed);
    if (!failed && remote.address() != settings.address)
        failed = asio::error::invalid_argument;
    if (!failed)
        socket.non_blocking(true, failed);
    if (!failed)
        failed = net::set_close_on_exec(descriptor);
    if (failed) {
        error_code ignored;
        socket.release(ignored);
        return std::unexpected(failed);
    }
    return std::make_unique<tcp_transport>(std::move(socket), settings);
}

} // namespace herald::peering
