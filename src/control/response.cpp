#include "herald/control/response.hpp"

#include "herald/control/json_text.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace herald::control {

namespace {

unsigned status_of(refusal::kind type) {
    switch (type) {
    case refusal::kind::not_found: return 404;
    case refusal::kind::invalid: return 400;
    case refusal::kind::conflict: return 409;
    case refusal::kind::unavailable: return 503;
    case refusal::kind::late: return 504;
    case refusal::kind::failed: break;
    }
    return 500;
}

} // namespace

response show(const boost::json::value& value) {
    return {.body = to_text(value) + "\n"};
}

response show_text(unsigned status, std::string text) {
    return {.status = status, .body = std::move(text), .type = "text/plain; charset=utf-8"};
}

response problem(unsigned status, std::string_view reason, std::string_view detail) {
    // RFC 9457 §4.2.1: "about:blank" says that the status says it all; the title is then its name.
    const std::string_view title =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    auto answer = show(boost::json::object{{"type", "about:blank"},
                                           {"title", title},
                                           {"status", status},
                                           {"detail", detail},
                                           {"reason", reason}});
    answer.status = status;
    answer.type = "application/problem+json"; // RFC 9457 §3
    return answer;
}

response problem(const refusal& refused) {
    return problem(status_of(refused.type), refused.reason, refused.detail);
}

refusal no_neighbor(std::string_view name) {
    return {refusal::kind::not_found, "unknown_neighbor",
            fmt::format("there is no neighbor \"{}\"", name)};
}

refusal no_service(std::string_view name) {
    return {refusal::kind::not_found, "unknown_service",
            fmt::format("there is no service \"{}\"", name)};
}

refusal no_check(std::string_view service, std::string_view name) {
    return {refusal::kind::not_found, "unknown_check",
            fmt::format("the service \"{}\" has no check \"{}\"", service, name)};
}

refusal is_stopping() {
    return {refusal::kind::unavailable, "stopping", "the daemon is stopping"};
}

response too_many_connections() {
    return problem({refusal::kind::unavailable, "too_many_connections", "too many connections"});
}

response busy() {
    auto answer = problem({refusal::kind::unavailable, "busy",
                           "too many replies wait for their clients: ask again in a second"});
    answer.more = "Retry-After: 1\r\n";
    return answer;
}

std::string to_text(const caller& who) {
    if (!who.by.empty() || !who.uid)
        return who.by;
    return fmt::format("uid {}", *who.uid);
}

} // namespace herald::control
