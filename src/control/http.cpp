#include "herald/control/http.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

namespace herald::control {

namespace http = boost::beast::http;

namespace {

/// Every browser says who it is and which languages its user reads; most say more. No script can
/// take all of these away.
bool is_of_browser(const http::request<http::string_body>& message) {
    return message.count(http::field::accept_language) > 0 ||
           message.count(http::field::origin) > 0 || message.count(http::field::referer) > 0 ||
           message.count("Sec-Fetch-Mode") > 0 ||
           message[http::field::user_agent].starts_with("Mozilla/");
}

} // namespace

void bound(request_parser& parser, const limits& bounds) {
    parser.header_limit(bounds.header);
    parser.body_limit(bounds.body);
}

request to_request(const http::request<http::string_body>& message) {
    return {.method = std::string(message.method_string()),
            .target = std::string(message.target()),
            .body = message.body(),
            .host = std::string(message[http::field::host]),
            .by_browser = is_of_browser(message),
            .fleet_lock = message["fleet-lock-protocol"] == "true"};
}

response refuse(boost::system::error_code error) {
    if (error == boost::asio::error::timed_out)
        return problem(408, "request_timeout", "the request did not arrive in time");
    if (error == http::error::body_limit)
        return problem(413, "body_too_large", "the request's body is too large");
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return problem(431, "header_too_large", "the request's header is too large");
    return problem(400, "not_http", fmt::format("this is not HTTP: {}", error.message()));
}

std::string header_of(const response& answer, const framing& frame) {
    const auto reason = http::obsolete_reason(http::int_to_status(answer.status));
    auto bytes = fmt::format("HTTP/{}.{} {} {}\r\n", frame.version / 10, frame.version % 10,
                             answer.status, std::string_view{reason});
    bytes += fmt::format("Content-Type: {}\r\n", answer.type);
    if (!answer.endless) // RFC 9112 §6.3: without it, up to the connection's end
        bytes += fmt::format("Content-Length: {}\r\n", answer.body.size());
    if (!answer.allow.empty())
        bytes += fmt::format("Allow: {}\r\n", answer.allow);
    bytes += answer.more;
    // RFC 9112 §9.3: said where it is not what the version implies.
    if (frame.keep_alive != (frame.version >= 11))
        bytes += frame.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
    bytes += "\r\n";
    return bytes;
}

std::string to_bytes(const response& answer, const framing& frame) {
    return header_of(answer, frame) + (frame.head ? "" : answer.body);
}

} // namespace herald::control
