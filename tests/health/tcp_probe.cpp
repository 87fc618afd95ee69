#include "herald/health/probes.hpp"

#include "support.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <optional>

namespace herald::health {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// A service on a free port of the loopback, for one connection at a time.
class service {
public:
    service(asio::io_context& io, const char* address)
        : acceptor_(io, tcp::endpoint(asio::ip::make_address(address), 0)) {}

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    /// Takes one connection, and then calls `then` with it.
    void accept(std::function<void(tcp::socket&)> then) {
        acceptor_.async_accept([this, then](const error_code& error, tcp::socket socket) {
            if (error)
                return;
            socket_.emplace(std::move(socket));
            then(*socket_);
        });
    }
    /// Reads until the other side has closed; how it did.
    void read_on(std::function<void(error_code, std::string)> ended) {
        socket_->async_read_some(asio::buffer(piece_),
                                 [this, ended](error_code error, std::size_t count) {
                                     received_.append(piece_.data(), count);
                                     return error ? ended(error, received_) : read_on(ended);
                                 });
    }
    void hang_up() { socket_.reset(); }
    void close() {
        acceptor_.close();
        socket_.reset();
    }

private:
    tcp::acceptor acceptor_;
    std::optional<tcp::socket> socket_;
    std::array<char, 4096> piece_{};
    std::string received_;
};

tcp_settings at(std::string host, std::uint16_t port, std::string send = {},
                std::string expect = {}) {
    return {std::move(host), port, std::move(send), std::move(expect)};
}

/// One run to its end.
probe_result result_of(asio::io_context& io, tcp_settings settings) {
    const auto result = test::one_run(io, std::move(settings));
    REQUIRE(result.has_value());
    return *result;
}

probe_result passed() {
    return {.outcome = verdict::pass, .output = {}};
}

probe_result failed(std::string output) {
    return {.output = std::move(output)};
}

TEST_CASE("tcp: a connection that is accepted passes, over IPv4, IPv6 and by name") {
    asio::io_context io;
    service over_ipv4(io, "127.0.0.1");
    service over_ipv6(io, "::1");
    CHECK(result_of(io, at("127.0.0.1", over_ipv4.port())) == passed());
    CHECK(result_of(io, at("::1", over_ipv6.port())) == passed());
    CHECK(result_of(io, at("localhost", over_ipv4.port())) == passed());
}

TEST_CASE("tcp: a refused connection is named so") {
    asio::io_context io;
    service closed(io, "127.0.0.1");
    auto port = closed.port();
    closed.close();
    CHECK(result_of(io, at("127.0.0.1", port)) == failed("connection refused"));
}

TEST_CASE("tcp: a host that cannot be resolved could not be probed") {
    asio::io_context io;
    // A label of more than 63 octets is no name of DNS (RFC 1035 §2.3.4), so nobody is asked.
    auto name = std::string(64, 'x');
    auto result = result_of(io, at(name, 1));
    CHECK(result.outcome == verdict::fail);
    CHECK_FALSE(result.could_run);
    CHECK(result.output.starts_with("cannot resolve " + name + ": "));
}

TEST_CASE("tcp: the expected octets may come in any pieces") {
    asio::io_context io;
    service greeter(io, "127.0.0.1");
    for (std::size_t cut = 1; cut < 6; ++cut) {
        greeter.accept([&io, cut](tcp::socket& socket) {
            socket.set_option(tcp::no_delay(true));
            std::string greeting = "220 ok";
            asio::write(socket, asio::buffer(greeting.substr(0, cut)));
            asio::post(io, [&socket, rest = greeting.substr(cut)] {
                asio::write(socket, asio::buffer(rest));
            });
        });
        CHECK(result_of(io, at("127.0.0.1", greeter.port(), "", "220 ok")) == passed());
    }
}

TEST_CASE("tcp: what is to be sent is sent, and then the answer waited for") {
    asio::io_context io;
    service echo(io, "127.0.0.1");
    std::string request;
    echo.accept([&](tcp::socket& socket) {
        request.resize(6);
        asio::async_read(socket, asio::buffer(request), [&](const error_code&, std::size_t) {
            asio::write(socket, asio::buffer(std::string("+PONG\r\n")));
        });
    });
    CHECK(result_of(io, at("127.0.0.1", echo.port(), "PING\r\n", "PONG")) == passed());
    CHECK(request == "PING\r\n");
}

TEST_CASE("tcp: without an expected answer, having sent is enough, and the close is orderly") {
    asio::io_context io;
    service sink(io, "127.0.0.1");
    std::optional<error_code> ended;
    std::string received;
    sink.accept([&](tcp::socket&) {
        sink.read_on([&](error_code error, std::string all) {
            ended = error;
            received = std::move(all);
        });
    });
    CHECK(result_of(io, at("127.0.0.1", sink.port(), "hello")) == passed());
    REQUIRE(test::run_until(io, [&] { return ended.has_value(); }));
    CHECK(*ended == asio::error::eof);
    CHECK(received == "hello");
}

TEST_CASE("tcp: the close is orderly though octets came that nobody had to read") {
    asio::io_context io;
    service talker(io, "127.0.0.1");
    std::optional<error_code> ended;
    talker.accept([&](tcp::socket& socket) {
        asio::write(socket, asio::buffer("220 " + std::string(20000, 'x')));
        talker.read_on([&](error_code error, const std::string&) { ended = error; });
    });
    CHECK(result_of(io, at("127.0.0.1", talker.port(), "", "220")) == passed());
    REQUIRE(test::run_until(io, [&] { return ended.has_value(); }));
    CHECK(*ended == asio::error::eof);
}

/// How many connections to that port of the loopback wait for their time to be over.
std::ptrdiff_t in_time_wait(std::uint16_t port) {
    const auto line = fmt::format("0100007F:{:04X} 06 ", port); // remote address, TCP_TIME_WAIT
    std::ifstream connections("/proc/net/tcp");
    std::ptrdiff_t count = 0;
    for (std::string one; std::getline(connections, one);)
        count += one.contains(line) ? 1 : 0;
    return count;
}

TEST_CASE("tcp: runs leave no connection in TIME_WAIT on this side") {
    asio::io_context io;
    service listening(io, "127.0.0.1");
    for (int i = 0; i < 20; ++i) {
        bool ended = false;
        listening.accept([&](tcp::socket& socket) {
            asio::write(socket, asio::buffer(std::string("220 ready")));
            listening.read_on([&](error_code, const std::string&) {
                listening.hang_up();
                ended = true;
            });
        });
        CHECK(result_of(io, at("127.0.0.1", listening.port(), "QUIT", i % 2 == 0 ? "220" : "")) ==
              passed());
        REQUIRE(test::run_until(io, [&] { return ended; }));
    }
    CHECK(in_time_wait(listening.port()) == 0);
}

TEST_CASE("tcp: a service that closes before the expected answer fails") {
    asio::io_context io;
    service closer(io, "127.0.0.1");
    closer.accept([](tcp::socket& socket) {
        asio::write(socket, asio::buffer(std::string("22")));
        socket.close();
    });
    CHECK(result_of(io, at("127.0.0.1", closer.port(), "", "220")) ==
          failed("closed before the expected answer"));
}

TEST_CASE("tcp: a service that resets the connection before the expected answer fails") {
    asio::io_context io;
    service resetter(io, "127.0.0.1");
    resetter.accept([](tcp::socket& socket) {
        socket.set_option(asio::socket_base::linger(true, 0));
        socket.close();
    });
    CHECK(result_of(io, at("127.0.0.1", resetter.port(), "", "220")) ==
          failed("while waiting for the expected answer: connection reset by peer"));
}

/// A service that says `before` octets of noise and then "220".
probe_result after_noise(std::size_t before) {
    asio::io_context io;
    service noise(io, "127.0.0.1");
    auto text = std::string(before, '2') + "20";
    noise.accept([&text](tcp::socket& socket) {
        asio::async_write(socket, asio::buffer(text), [](const error_code&, std::size_t) {});
    });
    return result_of(io, at("127.0.0.1", noise.port(), "", "220"));
}

TEST_CASE("tcp: the expected answer is searched in the first 64 KiB, and no further") {
    CHECK(after_noise(65536 - 2) == passed());
    CHECK(after_noise(65536 - 1) == failed("the expected answer is not in the first 65536 octets"));
}

TEST_CASE("tcp: a run says what it is at; destroyed, it calls nobody and gives its socket back") {
    auto before = test::open_descriptors();
    {
        asio::io_context io;
        service silent(io, "127.0.0.1");
        bool accepted = false;
        bool called = false;
        std::optional<error_code> ended;
        silent.accept([&](tcp::socket&) {
            accepted = true;
            silent.read_on([&](error_code error, const std::string&) { ended = error; });
        });
        std::optional<test::running> run;
        run.emplace(io, at("127.0.0.1", silent.port(), "", "220"),
                    [&](const probe_result&) { called = true; });
        REQUIRE(test::run_until(
            io, [&] { return accepted && run->progress() == "waiting for the expected answer"; }));
        run.reset();
        CHECK(test::run_out(io));
        CHECK(ended == error_code(asio::error::eof));
        CHECK_FALSE(called);
    }
    CHECK(test::open_descriptors() == before);
}

TEST_CASE("tcp: a run destroyed while its host is resolved calls nobody") {
    asio::io_context io;
    bool called = false;
    std::optional<test::running> run;
    run.emplace(io, at("localhost", 1), [&](const probe_result&) { called = true; });
    REQUIRE(test::run_until(io, [&] { return run->progress() == "resolving localhost"; }));
    run.reset();
    CHECK(test::run_out(io));
    CHECK_FALSE(called);
}

TEST_CASE("tcp: hundreds of runs leave no descriptor") {
    asio::io_context io;
    service listening(io, "127.0.0.1");
    std::function<void(tcp::socket&)> take_next = [&](tcp::socket&) {
        listening.accept(take_next);
    };
    listening.accept(take_next);
    tcp_settings settings = at("127.0.0.1", listening.port());
    result_of(io, settings);
    auto before = test::open_descriptors();
    for (int i = 0; i < 300; ++i)
        REQUIRE(result_of(io, settings) == passed());
    // The service holds the last connection it took, as it did before.
    CHECK(test::open_descriptors() <= before + 1);
}

} // namespace
} // namespace herald::health
