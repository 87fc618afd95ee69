#include "herald/net/socket_options.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace herald::net;
using namespace std::chrono_literals;
namespace ip = boost::asio::ip;

namespace {

class descriptor {
public:
    explicit descriptor(int value) : value_(value) { REQUIRE(value >= 0); }
    descriptor(descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor() {
        if (value_ >= 0)
            ::close(value_);
    }
    int get() const { return value_; }

private:
    int value_;
};

ip::address loopback(bool v6) {
    return v6 ? ip::address(ip::address_v6::loopback()) : ip::address(ip::address_v4::loopback());
}

descriptor make_socket(bool v6) {
    return descriptor(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/// A loopback address with a port, as the system calls take it.
struct endpoint {
    sockaddr_storage storage{};
    socklen_t size = 0;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

endpoint loopback_endpoint(bool v6) {
    endpoint result;
    if (v6) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_addr = in6addr_loopback;
        result.size = sizeof address;
        std::memcpy(&result.storage, &address, sizeof address);
    } else {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        result.size = sizeof address;
        std::memcpy(&result.storage, &address, sizeof address);
    }
    return result;
}

/// Binds and listens; the endpoint that it listens on.
endpoint listen_on(const descriptor& socket, bool v6) {
    auto where = loopback_endpoint(v6);
    REQUIRE(::bind(socket.get(), where.get(), where.size) == 0);
    REQUIRE(::listen(socket.get(), 1) == 0);
    REQUIRE(::getsockname(socket.get(), where.get(), &where.size) == 0);
    return where;
}

/// Whether the connection is there within `bound`.
bool connects(const descriptor& socket, endpoint where, std::chrono::milliseconds bound) {
    ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    if (::connect(socket.get(), where.get(), where.size) == 0)
        return true;
    REQUIRE(errno == EINPROGRESS);
    pollfd wait{socket.get(), POLLOUT, 0};
    if (::poll(&wait, 1, static_cast<int>(bound.count())) != 1)
        return false;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0;
}

constexpr auto long_enough = 5s;   // for what is to happen
constexpr auto short_time = 150ms; // for what is not to happen

int option(const descriptor& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    REQUIRE(::getsockopt(socket.get(), level, name, &value, &size) == 0);
    return value;
}

} // namespace

TEST_CASE("set_md5_key: peers with the same key connect, RFC 2385") {
    for (const bool v6 : {false, true}) {
        CAPTURE(v6);
        const auto server = make_socket(v6), client = make_socket(v6);
        REQUIRE(set_md5_key(server.get(), loopback(v6), "secret") == std::error_code{});
        REQUIRE(set_md5_key(client.get(), loopback(v6), "secret") == std::error_code{});
        CHECK(connects(client, listen_on(server, v6), long_enough));
    }
}

TEST_CASE("set_md5_key: a peer with another key or without one does not connect, RFC 2385") {
    for (const bool v6 : {false, true}) {
        CAPTURE(v6);
        const auto server = make_socket(v6), stranger = make_socket(v6), other = make_socket(v6);
        REQUIRE(set_md5_key(server.get(), loopback(v6), "secret") == std::error_code{});
        const auto where = listen_on(server, v6);
        REQUIRE(set_md5_key(other.get(), loopback(v6), "Secret") == std::error_code{});
        CHECK_FALSE(connects(stranger, where, short_time));
        CHECK_FALSE(connects(other, where, short_time));
    }
}

TEST_CASE("set_md5_key: an empty key removes the one that was set") {
    const auto server = make_socket(false), client = make_socket(false);
    REQUIRE(set_md5_key(server.get(), loopback(false), "secret") == std::error_code{});
    CHECK(set_md5_key(server.get(), loopback(false), "") == std::error_code{});
    CHECK(connects(client, listen_on(server, false), long_enough));
    CHECK(set_md5_key(client.get(), loopback(true), "") == std::errc::invalid_argument);
    const auto fresh = make_socket(false);
    CHECK(set_md5_key(fresh.get(), loopback(false), "") == std::error_code{});
}

TEST_CASE("set_md5_key: 80 octets are a key, 81 are not") {
    const auto socket = make_socket(false);
    CHECK(set_md5_key(socket.get(), loopback(false), std::string(80, 'k')) == std::error_code{});
    CHECK(set_md5_key(socket.get(), loopback(false), std::string(81, 'k')) ==
          std::errc::invalid_argument);
}

TEST_CASE("set_minimum_ttl: only segments with that TTL arrive, RFC 5082") {
    for (const bool v6 : {false, true}) {
        CAPTURE(v6);
        const auto server = make_socket(v6), near = make_socket(v6), far = make_socket(v6);
        REQUIRE(set_minimum_ttl(server.get(), v6, 255) == std::error_code{});
        const auto where = listen_on(server, v6);
        REQUIRE(set_ttl(near.get(), v6, 255) == std::error_code{});
        REQUIRE(set_ttl(far.get(), v6, 254) == std::error_code{});
        CHECK(connects(near, where, long_enough));
        CHECK_FALSE(connects(far, where, short_time));
    }
}

TEST_CASE("socket options: TTL, DSCP and user timeout are what the kernel then reports") {
    const auto v4 = make_socket(false), v6 = make_socket(true);
    CHECK(set_ttl(v4.get(), false, 1) == std::error_code{});
    CHECK(set_ttl(v6.get(), true, 2) == std::error_code{});
    CHECK(option(v4, IPPROTO_IP, IP_TTL) == 1);
    CHECK(option(v6, IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 2);

    CHECK(set_dscp(v4.get(), false, dscp_cs6) == std::error_code{});
    CHECK(set_dscp(v6.get(), true, dscp_cs6) == std::error_code{});
    CHECK(option(v4, IPPROTO_IP, IP_TOS) == 0xC0);
    CHECK(option(v6, IPPROTO_IPV6, IPV6_TCLASS) == 0xC0);

    CHECK(set_user_timeout(v4.get(), 30s) == std::error_code{});
    CHECK(option(v4, IPPROTO_TCP, TCP_USER_TIMEOUT) == 30'000);
}

TEST_CASE("socket options: an error is the operating system's") {
    const auto bad = std::errc::bad_file_descriptor;
    CHECK(set_md5_key(-1, loopback(false), "k") == bad);
    CHECK(set_minimum_ttl(-1, false, 255) == bad);
    CHECK(set_ttl(-1, true, 255) == bad);
    CHECK(set_dscp(-1, false, dscp_cs6) == bad);
    CHECK(set_user_timeout(-1, 1s) == bad);
    CHECK(unacknowledged_octets(-1) == -1);
}

TEST_CASE("unacknowledged_octets: grows while the peer's TCP takes nothing, ends at 0") {
    const auto server = make_socket(false), client = make_socket(false);
    REQUIRE(connects(client, listen_on(server, false), long_enough));
    const descriptor accepted(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(unacknowledged_octets(client.get()) == 0);

    std::vector<char> block(1 << 16);
    std::size_t waiting = 0; // until both kernels' buffers are full
    for (ssize_t sent = 0; sent >= 0; sent = ::send(client.get(), block.data(), block.size(), 0))
        waiting += static_cast<std::size_t>(sent);
    CHECK(errno == EAGAIN);
    CHECK(unacknowledged_octets(client.get()) > 0);

    while (waiting > 0) {
        const auto received = ::recv(accepted.get(), block.data(), block.size(), 0);
        REQUIRE(received > 0);
        waiting -= static_cast<std::size_t>(received);
    }
    // No event tells of an acknowledgement: ask again, for a bounded time.
    const auto deadline = std::chrono::steady_clock::now() + long_enough;
    while (unacknowledged_octets(client.get()) != 0 && std::chrono::steady_clock::now() < deadline)
        ::poll(nullptr, 0, 1);
    CHECK(unacknowledged_octets(client.get()) == 0);
}
