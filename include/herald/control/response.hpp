#pragma once

#include "herald/control/operations.hpp"

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace herald::control {

/// What is answered, apart from the socket.
struct response {
    unsigned status = 200;
    std::string body = {}; // JSON: one line, with its end
    std::string type = "application/json";
    std::string allow = {}; // RFC 9110 §10.2.1, with 405
    std::string more = {};  // lines of the header
    bool endless = false;   // events follow, as lines, until either side closes
    bool urgent = false;    // goes out whatever other replies hold
    friend bool operator==(const response&, const response&) = default;
};

response show(const boost::json::value& value);
response show_text(unsigned status, std::string text);

/// An error as RFC 9457 §3 shows it, with a `reason` for programs; `detail` is a line for people.
response problem(unsigned status, std::string_view reason, std::string_view detail);
response problem(const refusal& refused);
refusal no_neighbor(std::string_view name);
refusal no_service(std::string_view name);
refusal no_check(std::string_view service, std::string_view name);
refusal is_stopping();
response too_many_connections();
/// The replies that clients have not taken are as many as may be.
response busy();

} // namespace herald::control
