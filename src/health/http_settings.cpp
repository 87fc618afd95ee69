#include "herald/health/http_settings.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace herald::health {

namespace {

namespace urls = boost::urls;

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

std::unexpected<std::string> not_a_url() {
    return std::unexpected<std::string>("not a URL such as http://127.0.0.1:8080/health or "
                                        "https://www.example.org/");
}

/// What a URL may have, but not one of a check; empty where there is nothing of it.
std::string beside_the_point(const urls::url_view& url) {
    if (url.has_userinfo())
        return "has a user: name it in an Authorization header instead";
    if (url.has_fragment())
        return "has a fragment, which is never sent";
    return {};
}

std::optional<std::uint16_t> number(std::string_view text) {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

/// A three-digit number, RFC 9110 §15. An interim response (1xx) is never the last one.
std::optional<std::uint16_t> status_code(std::string_view text) {
    const auto value = number(text);
    return value && text.size() == 3 && *value >= 200 && *value <= 599 ? value : std::nullopt;
}

} // namespace

std::expected<http_url, std::string> parse_http_url(std::string_view text) {
    const auto parsed = urls::parse_uri(text);
    if (!parsed || !parsed->has_authority())
        return not_a_url();
    const urls::url_view& url = *parsed;
    const auto scheme = url.scheme_id();
    if (scheme != urls::scheme::http && scheme != urls::scheme::https)
        return std::unexpected("expected a URL of http or https");
    if (auto wrong = beside_the_point(url); !wrong.empty())
        return std::unexpected(std::move(wrong));
    http_url result;
    result.tls = scheme == urls::scheme::https;
    result.port = url.has_port() && !url.port().empty() ? url.port_number()
                  : result.tls                          ? https_port
                                                        : http_port;
    if (result.port == 0)
        return not_a_url();
    result.host = std::string(url.encoded_host_address());
    if (result.host.empty() || result.host.contains('%') ||
        url.host_type() == urls::host_type::ipvfuture)
        return not_a_url();
    const auto path = url.encoded_path();
    // Boost 1.81 takes a port that is no number for the path's beginning.
    if (!path.empty() && path.front() != '/')
        return not_a_url();
    result.target = path.empty() ? "/" : std::string(path);
    if (url.has_query())
        result.target += "?" + std::string(url.encoded_query());
    return result;
}

std::string host_field(const http_url& url) {
    const auto host = url.host.contains(':') ? fmt::format("[{}]", url.host) : url.host;
    return url.port == (url.tls ? https_port : http_port) ? host
                                                          : fmt::format("{}:{}", host, url.port);
}

std::expected<status_range, std::string> parse_status_range(std::string_view text) {
    const auto hyphen = text.find('-');
    const auto first = status_code(text.substr(0, hyphen));
    const auto last =
        hyphen == std::string_view::npos ? first : status_code(text.substr(hyphen + 1));
    if (!first || !last || *first > *last)
        return std::unexpected(
            "not a status from 200 to 599, such as \"204\", nor a range such as \"200-299\"");
    return status_range{*first, *last};
}

} // namespace herald::health
