#include "herald/peering/router_socket.hpp"

#include "as_result.hpp"
#include "datagram.hpp"
#include "herald/peering/spawn.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/icmp.hpp>
#include <boost/asio/ip/multicast.hpp>
#include <cerrno>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

namespace herald::peering {

namespace asio = boost::asio;
using asio::ip::address_v6;
using asio::ip::icmp;

namespace {

/// More than an advertisement has on any usual link; a longer one is cut, and so not valid.
constexpr std::size_t longest_message = 1500;
/// What is read in one turn of the loop.
constexpr int messages_at_once = 64;

/// Of all that ICMPv6 has, only what is about routers wakes us.
error_code hear_routers_only(int socket) {
    icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(solicitation_type, &filter);
    ICMP6_FILTER_SETPASS(advertisement_type, &filter);
    if (::setsockopt(socket, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) == 0)
        return {};
    return {errno, boost::system::system_category()};
}

/// The system's socket.
class raw_socket : public std::enable_shared_from_this<raw_socket> {
public:
    explicit raw_socket(const asio::any_io_executor& executor) : socket_(executor) {}

    error_code open(const link_state& link, router_socket::handler on_arrival);
    error_code send(router_message message);
    void read();
    void close();

private:
    error_code prepare(const link_state& link);
    error_code set_multicast(unsigned index);
    bool read_one();
    asio::awaitable<void> read_loop(std::shared_ptr<raw_socket> self);

    icmp::socket socket_;
    unsigned index_ = 0;
    router_socket::handler on_arrival_;
};

error_code raw_socket::open(const link_state& link, router_socket::handler on_arrival) {
    on_arrival_ = std::move(on_arrival);
    index_ = link.index;
    if (const auto error = prepare(link)) {
        close();
        return error;
    }
    spawn(socket_.get_executor(), read_loop(shared_from_this()));
    return {};
}

error_code raw_socket::prepare(const link_state& link) {
    error_code failed;
    if (socket_.open(icmp::v6(), failed); failed)
        return failed;
    const auto fd = socket_.native_handle();
    if (const auto error = hear_routers_only(fd))
        return error;
    if (const auto error = net::set_close_on_exec(fd))
        return error;
    if (const auto error = net::report_ttl(fd, true))
        return error;
    if (socket_.non_blocking(true, failed); failed)
        return failed;
    if (const auto error = set_multicast(link.index))
        return error;
    // A link-local address binds the socket to its interface, too. What is for multicast groups
    // arrives all the same.
    socket_.bind({link.address, 0}, failed);
    return failed;
}

/// What we send is not for other programs on this machine, nor for ourselves.
error_code raw_socket::set_multicast(unsigned index) {
    namespace option = asio::ip::multicast;
    error_code failed;
    if (socket_.set_option(option::outbound_interface(index), failed); failed)
        return failed;
    if (socket_.set_option(option::hops(255), failed); failed)
        return failed;
    if (socket_.set_option(option::enable_loopback(false), failed); failed)
        return failed;
    socket_.set_option(option::join_group(group_of(router_message::solicitation), index), failed);
    return failed;
}

error_code raw_socket::send(router_message message) {
    error_code failed;
    const address_v6 group(group_of(message).to_bytes(), index_);
    const auto encoded = encode(message);
    socket_.send_to(asio::buffer(encoded), {group, 0}, 0, failed);
    return failed;
}

void raw_socket::read() {
    for (int i = 0; i < messages_at_once && read_one(); ++i) {
    }
}

/// Returns whether there may be more. The handler may close the socket.
bool raw_socket::read_one() {
    if (!socket_.is_open())
        return false;
    datagram<longest_message> arrived;
    if (!arrived.receive(socket_.native_handle()))
        return errno == EINTR;
    const auto from = arrived.from().to_v6();
    // It arrived before the socket was bound.
    if (from.is_link_local() && from.scope_id() != index_)
        return true;
    on_arrival_({from, arrived.ttl(), arrived.octets()});
    return true;
}

asio::awaitable<void> raw_socket::read_loop([[maybe_unused]] std::shared_ptr<raw_socket> self) {
    while (socket_.is_open()) {
        auto [error] = co_await socket_.async_wait(icmp::socket::wait_read, as_result);
        if (error)
            co_return; // closed
        read();
    }
}

void raw_socket::close() {
    error_code ignored;
    socket_.close(ignored);
}

/// Its owner may let go of it while it reads.
class system_router_socket final : public router_socket {
public:
    explicit system_router_socket(const asio::any_io_executor& executor)
        : socket_(std::make_shared<raw_socket>(executor)) {}
    ~system_router_socket() override { socket_->close(); }
    system_router_socket(const system_router_socket&) = delete;
    system_router_socket& operator=(const system_router_socket&) = delete;

    error_code open(const link_state& link, handler on_arrival) override {
        return socket_->open(link, std::move(on_arrival));
    }
    void read() override { std::shared_ptr(socket_)->read(); }
    error_code send(router_message message) override { return socket_->send(message); }

private:
    std::shared_ptr<raw_socket> socket_;
};

} // namespace

std::unique_ptr<router_socket> make_router_socket(const asio::any_io_executor& executor) {
    return std::make_unique<system_router_socket>(executor);
}

} // namespace herald::peering
