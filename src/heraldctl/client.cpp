#include "client.hpp"

#include <array>
#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace heraldctl {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using protocol = asio::local::stream_protocol;
using boost::system::error_code;

http::request<http::string_body> make_request(const question& asked) {
    http::request<http::string_body> message{http::string_to_verb(asked.method), asked.target, 11};
    message.set(http::field::host, "localhost"); // RFC 9112 §3.2: there has to be one
    message.keep_alive(false);
    message.body() = asked.body;
    message.prepare_payload();
    return message;
}

/// Sends and receives within `bound`.
result<reply> exchange(asio::io_context& context, protocol::socket& socket,
                       const http::request<http::string_body>& message,
                       std::chrono::milliseconds bound) {
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    error_code error = asio::error::timed_out;
    // A daemon that refuses does not read to the end: whether it could be sent does not matter,
    // what it answers does.
    http::async_write(socket, message, [&](error_code, std::size_t) {
        http::async_read(socket, buffer, parser,
                         [&](error_code failed, std::size_t) { error = failed; });
    });
    context.run_for(bound);
    if (error == asio::error::timed_out)
        return refused(
            fmt::format("the daemon has not answered within {} s",
                        std::chrono::duration_cast<std::chrono::seconds>(bound).count()));
    if (error)
        return refused(fmt::format("the daemon's answer cannot be read: {}", error.message()));
    auto& answer = parser.get();
    return reply{answer.result_int(), std::move(answer.body())};
}

/// The group whose members may use the socket; "" if there is none, or if that cannot be seen.
std::string group_of(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IWGRP) == 0)
        return "";
    const auto* group = ::getgrgid(status.st_gid);
    return group == nullptr || status.st_gid == 0 ? "" : group->gr_name;
}

/// Why there is no connection, and what to do if it is for want of permission.
std::string connect_failure(const std::string& path, const error_code& error) {
    if (error != boost::system::errc::permission_denied)
        return fmt::format("no daemon at {}: {}", path, error.message());
    const auto group = group_of(path);
    return fmt::format("cannot connect to {}: {}; {}run heraldctl as root", path, error.message(),
                       group.empty() ? "" : fmt::format("join the group \"{}\", or ", group));
}

result<void> connect(protocol::socket& socket, const std::string& path) {
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
        return usage(
            fmt::format("a socket's path has 1 to {} bytes", sizeof(sockaddr_un::sun_path) - 1));
    error_code error;
    socket.connect(protocol::endpoint{path}, error);
    if (error)
        return std::unexpected(failure{exit_status::no_daemon, connect_failure(path, error)});
    return {};
}

/// Gives whole lines to `take`, up to the end. `text`: what was already received.
result<void> take_lines(protocol::socket& socket, std::string text,
                        const std::function<result<void>(std::string_view)>& take) {
    std::array<char, 16384> more{};
    error_code error;
    while (!error) {
        if (const auto end = text.rfind('\n'); end != std::string::npos) {
            if (auto taken = take(std::string_view(text).substr(0, end + 1)); !taken)
                return taken;
            text.erase(0, end + 1);
        }
        text.append(more.data(), socket.read_some(asio::buffer(more), error));
    }
    return {};
}

} // namespace

result<reply> ask(const std::string& path, const question& asked) {
    asio::io_context context{1};
    protocol::socket socket{context};
    if (auto connected = connect(socket, path); !connected)
        return std::unexpected(connected.error());
    return exchange(context, socket, make_request(asked), asked.bound);
}

result<reply> follow(const std::string& path, const std::string& target,
                     const std::function<result<void>(std::string_view)>& take) {
    asio::io_context context{1};
    protocol::socket socket{context};
    if (auto connected = connect(socket, path); !connected)
        return std::unexpected(connected.error());
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    error_code error;
    http::write(socket, make_request({.target = target}), error);
    http::read_header(socket, buffer, parser, error);
    if (error)
        return refused(fmt::format("the daemon's answer cannot be read: {}", error.message()));
    if (parser.get().result() != http::status::ok) {
        http::read(socket, buffer, parser, error);
        return reply{parser.get().result_int(), std::move(parser.get().body())};
    }
    const auto received = buffer.data();
    std::string text(asio::buffers_begin(received), asio::buffers_end(received));
    if (auto taken = take_lines(socket, std::move(text), take); !taken)
        return std::unexpected(taken.error());
    // A connection alone says little: one that is being killed may still have been given it.
    if (auto still = ask(path, {.target = "/livez"}); !still)
        return std::unexpected(failure{exit_status::no_daemon, "the daemon has gone"});
    return refused("the daemon ended the stream: it was not read fast enough, or it restarted");
}

std::string encode(std::string_view name) {
    return boost::urls::encode(name, boost::urls::unreserved_chars);
}

} // namespace heraldctl
