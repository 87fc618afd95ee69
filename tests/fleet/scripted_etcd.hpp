#pragma once

#include "herald/fleet/etcd_settings.hpp"
#include "herald/http/await.hpp"
#include "tests/support/event_loop.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <deque>
#include <doctest/doctest.h>
#include <exception>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace herald::fleet::test {

namespace asio = boost::asio;
using asio::ip::tcp;

/// What came, and on which connection: the first is 0.
struct asked {
    std::size_t connection = 0;
    std::string head; // the request line and the fields, as they came
    std::string content;

    std::string target() const { return head.substr(5, head.find(' ', 5) - 5); }
};

/// What is done about it. Nothing sent and not closed is a service that hangs.
struct answered {
    std::string octets;
    bool closes = false;
};

/// A member of etcd that does what a test says.
class scripted_etcd {
public:
    using script = std::function<answered(const asked&)>;

    scripted_etcd(asio::io_context& io, script answer)
        : acceptor_(io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0))
        , answer_(std::move(answer)) {
        asio::co_spawn(io, accept(), asio::detached);
    }

    etcd_endpoint endpoint() const {
        const auto port = acceptor_.local_endpoint().port();
        return {false, "127.0.0.1", port, fmt::format("http://127.0.0.1:{}", port)};
    }
    std::string url() const { return endpoint().url; }
    std::vector<std::string> targets() const {
        std::vector<std::string> all;
        for (const auto& each : requests)
            all.push_back(each.target());
        return all;
    }
    /// On a connection that has been answered.
    void send(std::size_t connection, std::string octets) {
        sent_.push_back(std::move(octets));
        asio::async_write(*connections_.at(connection), asio::buffer(sent_.back()),
                          [](const boost::system::error_code&, std::size_t) {});
    }
    void close(std::size_t connection) { connections_.at(connection)->close(); }
    std::size_t connections() const { return connections_.size(); }

    std::vector<asked> requests;

private:
    asio::awaitable<void> accept() {
        while (true) {
            auto [error, socket] = co_await acceptor_.async_accept(http::as_result);
            if (error)
                co_return;
            connections_.push_back(std::make_shared<tcp::socket>(std::move(socket)));
            asio::co_spawn(acceptor_.get_executor(), serve(connections_.size() - 1),
                           asio::detached);
        }
    }
    asio::awaitable<void> serve(std::size_t number) {
        const auto socket = connections_[number];
        std::string buffer;
        while (true) {
            const auto head = buffer.find("\r\n\r\n");
            const auto size = head == std::string::npos ? 0 : head + 4 + length(buffer);
            if (head != std::string::npos && buffer.size() >= size) {
                requests.push_back(
                    {number, buffer.substr(0, head), buffer.substr(head + 4, size - head - 4)});
                buffer.erase(0, size);
                const auto said = answer_(requests.back());
                if (!said.octets.empty())
                    co_await asio::async_write(*socket, asio::buffer(said.octets), http::as_result);
                if (said.closes)
                    socket->close();
                continue;
            }
            std::string piece(4096, '\0');
            auto [error, count] =
                co_await socket->async_read_some(asio::buffer(piece), http::as_result);
            if (error)
                co_return;
            buffer.append(piece, 0, count);
        }
    }
    static std::size_t length(const std::string& head) {
        constexpr std::string_view name = "Content-Length: ";
        std::size_t value = 0;
        if (const auto at = head.find(name); at != std::string::npos)
            std::from_chars(head.data() + at + name.size(), head.data() + head.size(), value);
        return value;
    }

    tcp::acceptor acceptor_;
    script answer_;
    std::vector<std::shared_ptr<tcp::socket>> connections_;
    std::deque<std::string> sent_;
};

inline std::string response(const std::string& content, const std::string& status = "200 OK") {
    return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status, content.size(),
                       content);
}

inline std::string header(unsigned term = 2, unsigned cluster = 7) {
    return fmt::format(R"("header":{{"cluster_id":"{}","revision":"9","raft_term":"{}"}})", cluster,
                       term);
}

/// An empty range.
inline std::string nothing(unsigned term = 2, unsigned cluster = 7) {
    return response("{" + header(term, cluster) + "}");
}

inline std::string refused(const std::string& status, unsigned code, const std::string& message) {
    return response(fmt::format(R"({{"error":"{}","code":{}}})", message, code), status);
}

/// A piece of content in HTTP's chunks, and its end.
inline std::string chunk(const std::string& content) {
    return fmt::format("{:x}\r\n{}\r\n", content.size(), content);
}
inline const std::string last_chunk = "0\r\n\r\n";
inline const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Asks what is in a cluster of these members.
inline etcd_settings settings_of(std::vector<etcd_endpoint> endpoints) {
    etcd_settings settings;
    settings.endpoints = std::move(endpoints);
    settings.timeout = std::chrono::seconds(20);
    return settings;
}

/// Runs the loop until the coroutine has ended.
template <class value>
value result_of(asio::io_context& io, asio::awaitable<value> what) {
    std::optional<value> result;
    std::exception_ptr thrown;
    auto ended = [&](std::exception_ptr wrong, value with) {
        thrown = wrong;
        result = std::move(with);
    };
    asio::co_spawn(io, std::move(what), ended);
    REQUIRE(
        herald::test::run_until(io, [&] { return result.has_value(); }, std::chrono::seconds(30)));
    REQUIRE_FALSE(thrown);
    return *std::move(result);
}

} // namespace herald::fleet::test
