#include "herald/peering/bfd_socket.hpp"

#include "as_result.hpp"
#include "datagram.hpp"
#include "herald/peering/spawn.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <expected>
#include <unistd.h>
#include <utility>

namespace herald::peering {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

/// More than any packet has; what is beyond it is not looked at.
constexpr std::size_t longest_packet = 256;
/// What is read at once: more than the socket holds, so that after a pause no session is judged
/// before its packets are.
constexpr int packets_at_once = 4096;
/// Packets of many neighbors wait while a restart goes on. The kernel may grant less.
constexpr int arrivals_buffer = 1 << 20;

/// A socket of the program before this one; its port. The descriptor is `socket`'s either way.
std::expected<std::uint16_t, error_code> take_over(udp::socket& socket, const udp& protocol,
                                                   int descriptor) {
    error_code failed;
    if (socket.assign(protocol, descriptor, failed); failed) {
        ::close(descriptor);
        return std::unexpected(failed);
    }
    const auto local = socket.local_endpoint(failed);
    if (!failed && local.protocol() != protocol)
        failed = asio::error::invalid_argument;
    if (!failed)
        socket.non_blocking(true, failed);
    if (!failed)
        failed = net::set_close_on_exec(descriptor);
    if (!failed)
        return local.port();
    error_code ignored;
    socket.close(ignored);
    return std::unexpected(failed);
}

} // namespace

bfd_receiver::bfd_receiver(const asio::any_io_executor& executor, bfd_path path, bool v6,
                           handler on_arrival)
    : executor_(executor)
    , socket_(executor)
    , path_(path)
    , v6_(v6)
    , on_arrival_(std::move(on_arrival)) {}

error_code bfd_receiver::open(std::uint16_t port) {
    if (const auto error = prepare(port)) {
        close();
        return error;
    }
    spawn(executor_, read_loop(shared_from_this()));
    return {};
}

error_code bfd_receiver::inherit(int socket, std::uint16_t port) {
    const auto inherited = take_over(socket_, v6_ ? udp::v6() : udp::v4(), socket);
    const auto error = inherited && *inherited != port ? error_code(asio::error::invalid_argument)
                       : inherited                     ? error_code()
                                                       : inherited.error();
    if (error)
        close();
    else
        spawn(executor_, read_loop(shared_from_this()));
    return error;
}

error_code bfd_receiver::prepare(std::uint16_t port) {
    error_code failed;
    const auto protocol = v6_ ? udp::v6() : udp::v4();
    if (socket_.open(protocol, failed); failed)
        return failed;
    const auto fd = socket_.native_handle();
    if (const auto error = net::set_close_on_exec(fd))
        return error;
    if (const auto error = net::report_ttl(fd, v6_))
        return error;
    if (v6_)
        if (socket_.set_option(asio::ip::v6_only(true), failed); failed)
            return failed;
    if (socket_.non_blocking(true, failed); failed)
        return failed;
    error_code ignored; // some packets more may be lost
    socket_.set_option(udp::socket::receive_buffer_size(arrivals_buffer), ignored);
    socket_.bind({protocol, port}, failed);
    return failed;
}

void bfd_receiver::read() {
    for (int i = 0; i < packets_at_once && read_one(); ++i) {
    }
}

/// Returns whether there may be more. The handler may close the socket.
bool bfd_receiver::read_one() {
    if (!socket_.is_open())
        return false;
    datagram<longest_packet> arrived;
    if (!arrived.receive(socket_.native_handle()))
        return errno == EINTR;
    on_arrival_({arrived.from(), path_, arrived.ttl(), arrived.octets()});
    return true;
}

asio::awaitable<void> bfd_receiver::read_loop([[maybe_unused]] std::shared_ptr<bfd_receiver> self) {
    while (socket_.is_open()) {
        auto [error] = co_await socket_.async_wait(udp::socket::wait_read, as_result);
        if (error)
            co_return; // closed
        read();
    }
}

void bfd_receiver::close() {
    error_code ignored;
    socket_.close(ignored);
}

bfd_sender::bfd_sender(const asio::any_io_executor& executor, udp::endpoint to,
                       std::optional<asio::ip::address> from, std::uint16_t port)
    : socket_(executor)
    , to_(std::move(to))
    , from_(std::move(from))
    , port_(port) {}

error_code bfd_sender::inherit(int socket) {
    const auto inherited = take_over(socket_, to_.protocol(), socket);
    if (!inherited)
        return inherited.error();
    port_ = *inherited;
    return {};
}

error_code bfd_sender::send(wire::octets packet) {
    if (!socket_.is_open())
        if (const auto error = open()) {
            error_code ignored;
            socket_.close(ignored);
            return error;
        }
    error_code failed;
    socket_.send_to(asio::buffer(packet.data(), packet.size()), to_, 0, failed);
    return failed;
}

error_code bfd_sender::open() {
    error_code failed;
    if (socket_.open(to_.protocol(), failed); failed)
        return failed;
    const auto fd = socket_.native_handle();
    const bool v6 = to_.address().is_v6();
    if (const auto error = net::set_close_on_exec(fd))
        return error;
    if (const auto error = net::set_ttl(fd, v6, 255))
        return error;
    if (const auto error = net::set_dscp(fd, v6, net::dscp_cs6))
        return error;
    if (socket_.non_blocking(true, failed); failed)
        return failed;
    error_code ignored; // nothing is ever read from it
    socket_.set_option(udp::socket::receive_buffer_size(1), ignored);
    const auto from = from_.value_or(v6 ? asio::ip::address(asio::ip::address_v6::any())
                                        : asio::ip::address(asio::ip::address_v4::any()));
    for (int attempts = last_port - first_port + 1; attempts > 0; --attempts) {
        socket_.bind({from, port_}, failed);
        if (failed != asio::error::address_in_use)
            break;
        port_ = port_ == last_port ? first_port : static_cast<std::uint16_t>(port_ + 1);
    }
    return failed;
}

} // namespace herald::peering
