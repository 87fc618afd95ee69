#include "herald/control/response.hpp"

#include "herald/control/json_text.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace herald::control {

response show(const boost::json::value& value) {
    return {.body = to_text(value) + "\n"};
}

response show_text(unsigned status, std::string text) {
    return {.status = status, .body = std::move(text), .type = "text/plain; charset=utf-8"};
}

response problem(unsigned status, std::string_view detail) {
    // RFC 9457 §4.2.1: "about:blank" says that the status says it all; the title is then its name.
    const std::string_view title =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    auto answer = show(boost::json::object{
        {"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}});
    answer.status = status;
    answer.type = "application/problem+json"; // RFC 9457 §3
    return answer;
}

response problem(const refusal& refused) {
    switch (refused.type) {
    case refusal::kind::not_found: return problem(404, refused.detail);
    case refusal::kind::invalid: return problem(400, refused.detail);
    case refusal::kind::conflict: return problem(409, refused.detail);
    case refusal::kind::failed: break;
    }
    return problem(500, refused.detail);
}

response no_neighbor(std::string_view name) {
    return problem(404, fmt::format("there is no neighbor \"{}\"", name));
}

response no_service(std::string_view name) {
    return problem(404, fmt::format("there is no service \"{}\"", name));
}

} // namespace herald::control
