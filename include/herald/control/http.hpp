#pragma once

#include "herald/control/endpoint.hpp"
#include "herald/control/limits.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>
#include <string>

namespace herald::control {

/// Between HTTP as Beast has it and the values that endpoints take.
using request_parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

void bound(request_parser& parser, const limits& bounds);
request to_request(const boost::beast::http::request<boost::beast::http::string_body>& message);

/// The refusal of a request that could not be read: 400, 408 (boost::asio::error::timed_out),
/// 413 or 431.
response refuse(boost::system::error_code error);

struct framing {
    unsigned version = 11;
    bool head = false; // RFC 9110 §9.3.2: everything but the content
    bool keep_alive = false;
};

/// The header of the answer, whose content is its body.
std::string header_of(const response& answer, const framing& frame);
/// Header and content.
std::string to_bytes(const response& answer, const framing& frame);

} // namespace herald::control
