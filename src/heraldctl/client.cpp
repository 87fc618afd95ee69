#include "client.hpp"

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

} // namespace

result<reply> ask(const std::string& path, const question& asked) {
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
        return usage(
            fmt::format("a socket's path has 1 to {} bytes", sizeof(sockaddr_un::sun_path) - 1));
    asio::io_context context{1};
    protocol::socket socket{context};
    error_code error;
    socket.connect(protocol::endpoint{path}, error);
    if (error)
        return std::unexpected(failure{exit_status::no_daemon,
                                       fmt::format("no daemon at {}: {}", path, error.message())});
    return exchange(context, socket, make_request(asked), asked.bound);
}

std::string encode(std::string_view name) {
    return boost::urls::encode(name, boost::urls::unreserved_chars);
}

} // namespace heraldctl
