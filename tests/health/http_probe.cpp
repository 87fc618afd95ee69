#include "herald/health/probes.hpp"

#include "support.hpp"

#include "herald/text/version.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <optional>
#include <vector>

namespace herald::health {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Takes one request, and answers with pieces, each in a turn of the loop of its own.
class service {
public:
    service(asio::io_context& io, std::vector<std::string> pieces)
        : acceptor_(io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0))
        , socket_(io)
        , pieces_(std::move(pieces)) {
        acceptor_.async_accept(socket_, [this](const error_code&) {
            socket_.set_option(tcp::no_delay(true));
            socket_.async_read_some(asio::buffer(asked_), [this](const error_code&, std::size_t n) {
                request.assign(asked_.data(), n);
                answer(0);
            });
        });
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::string request;

private:
    void answer(std::size_t index) {
        if (index == pieces_.size())
            return socket_.close();
        asio::async_write(socket_, asio::buffer(pieces_[index]),
                          [this, index](const error_code& error, std::size_t) {
                              if (!error)
                                  answer(index + 1);
                          });
    }

    tcp::acceptor acceptor_;
    tcp::socket socket_;
    std::vector<std::string> pieces_;
    std::array<char, 4096> asked_{};
};

/// One run, against a service that answers with `pieces`.
probe_result answered(std::vector<std::string> pieces, std::string expect_body = {},
                      std::string method = "GET") {
    asio::io_context io;
    service there(io, std::move(pieces));
    http_settings settings;
    settings.url = {false, "127.0.0.1", there.port(), "/"};
    settings.connect_to = {"127.0.0.1", there.port(), ""};
    settings.method = std::move(method);
    settings.expect_body = std::move(expect_body);
    const auto result = test::one_run(io, settings);
    REQUIRE(result.has_value());
    return *result;
}

probe_result passed(std::string output) {
    return {.outcome = verdict::pass, .output = std::move(output)};
}
probe_result failed(std::string output) {
    return {.output = std::move(output)};
}

const std::string ok = "HTTP/1.1 200 OK\r\n";

/// One octet a piece.
std::vector<std::string> octet_by_octet(const std::string& text) {
    std::vector<std::string> pieces;
    for (const char octet : text)
        pieces.emplace_back(1, octet);
    return pieces;
}

TEST_CASE("http: the request is HTTP/1.1, says whom it asks, and that it is the only one") {
    asio::io_context io;
    service there(io, {ok + "\r\n"});
    http_settings settings;
    settings.url = {false, "::1", 8080, "/a?b"};
    settings.connect_to = {"127.0.0.1", there.port(), ""};
    settings.method = "POST";
    settings.headers = {{"Accept", "text/plain"}, {"X-Check", "1"}};
    const auto result = test::one_run(io, settings);
    REQUIRE(result.has_value());
    CHECK(result == passed("200 OK"));
    CHECK(there.request == "POST /a?b HTTP/1.1\r\n"
                           "Host: [::1]:8080\r\n"
                           "User-Agent: herald/" +
                               std::string(herald::text::version()) +
                               "\r\n"
                               "Accept: text/plain\r\n"
                               "X-Check: 1\r\n"
                               "Content-Length: 0\r\n"
                               "Connection: close\r\n"
                               "\r\n");
}

TEST_CASE("http: a response may come in any pieces, and its content in any framing") {
    const auto sized = ok + "Content-Length: 11\r\n\r\nall is well";
    const auto chunked = ok + "Transfer-Encoding: chunked\r\n\r\n"
                              "4\r\nall \r\n7\r\nis well\r\n0\r\n\r\n";
    const auto until_closed = ok + "\r\nall is well";
    for (const auto& text : {sized, chunked, until_closed}) {
        CAPTURE(text);
        CHECK(answered({text}, "is well") == passed("200 OK"));
        CHECK(answered(octet_by_octet(text), "all is well") == passed("200 OK"));
        CHECK(answered({text}, "all was well") == failed("the content lacks \"all was well\""));
    }
}

TEST_CASE("http: interim responses are passed over, RFC 9110 §15.2") {
    const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    CHECK(answered({interim + interim + ok + "\r\n"}) == passed("200 OK"));
    CHECK(answered({"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"}) ==
          failed("answered 101 Switching Protocols"));
}

TEST_CASE("http: a response to HEAD has no content, whatever length it tells") {
    CHECK(answered({ok + "Content-Length: 100\r\n\r\n"}, "", "HEAD") == passed("200 OK"));
}

TEST_CASE("http: without a reason phrase the usual one is shown") {
    CHECK(answered({"HTTP/1.1 503 \r\n\r\n"}) == failed("answered 503 Service Unavailable"));
    CHECK(answered({"HTTP/1.0 204 Nothing at all\r\n\r\n"}) == passed("204 Nothing at all"));
}

TEST_CASE("http: what ends too early, or is no HTTP, is named") {
    CHECK(answered({}) == failed("closed before the response"));
    CHECK(answered({"HTTP/1.1 20"}) == failed("closed in the middle of the response"));
    CHECK(answered({ok + "Content-Length: 9\r\n\r\nall"}, "well") ==
          failed("in the content: closed in the middle of the response"));
    CHECK(answered({"SSH-2.0-OpenSSH_9.2\r\n"}) == failed("not a response of HTTP: bad version"));
    CHECK(answered({ok + "X: " + std::string(70000, 'x')}) ==
          failed("the response's header is longer than 65536 octets"));
}

TEST_CASE("http: the content is searched in its first 64 KiB, and no further") {
    const auto after = [](std::size_t octets) {
        return answered({ok + "Content-Length: 1000000\r\n\r\n" + std::string(octets, 'x') + "end" +
                         std::string(100000, 'x')},
                        "end");
    };
    CHECK(after(65536 - 3) == passed("200 OK"));
    CHECK(after(65536 - 2) == failed("the first 65536 octets of the content lack \"end\""));
}

TEST_CASE("http: a run destroyed at any point calls nobody and gives its socket back") {
    const auto before = test::open_descriptors();
    for (const std::string stage : {"connecting", "waiting for the response"}) {
        asio::io_context io;
        service there(io, {});
        bool called = false;
        http_settings settings;
        settings.url = {false, "127.0.0.1", there.port(), "/"};
        settings.connect_to = {"127.0.0.1", there.port(), ""};
        std::optional<test::running> run;
        run.emplace(io, settings, [&](const probe_result&) { called = true; });
        REQUIRE(test::run_until(io, [&] { return run->progress() == stage; }));
        run.reset();
        CHECK(test::run_out(io));
        CHECK_FALSE(called);
    }
    CHECK(test::open_descriptors() == before);
}

} // namespace
} // namespace herald::health
