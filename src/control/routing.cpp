#include "herald/control/routing.hpp"

#include "herald/control/endpoints.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>
#include <utility>

namespace herald::control {

namespace {

namespace urls = boost::urls;

struct endpoint {
    std::string_view method;
    std::string_view path; // a star stands for any one name
    answering (*handle)(call&);
    enum class kind : std::uint8_t {
        probe,    // for everyone, however many clients there are
        view,     // for everyone
        watching, // for operators; others are told so
        command,  // for operators; for others there is nothing
        lock,     // for the node's agent, and nothing else is
    };
    kind what = kind::view;
    bool takes_parameters = false;
};

using enum endpoint::kind;

constexpr std::array endpoints{
    endpoint{"GET", "/v1/status", show_status},
    endpoint{"GET", "/v1/neighbors", show_neighbors, view, true},
    endpoint{"GET", "/v1/neighbors/*", show_neighbor},
    endpoint{"GET", "/v1/services", show_services, view, true},
    endpoint{"GET", "/v1/services/*", show_service},
    endpoint{"GET", "/v1/checks", show_checks, view, true},
    endpoint{"GET", "/v1/routes", show_routes, view, true},
    endpoint{"GET", "/v1/explain", explain, view, true},
    endpoint{"GET", "/v1/fleet", show_fleet},
    endpoint{"GET", "/v1/events/recent", show_recent_events},
    endpoint{"GET", "", show_page}, // at "/", a path without segments
    endpoint{"GET", "/metrics", show_metrics, probe},
    endpoint{"GET", "/livez", show_live, probe},
    endpoint{"GET", "/readyz", show_ready, probe},
    endpoint{"GET", "/v1/events", follow_events, watching},
    endpoint{"GET", "/v1/wait", wait, watching, true},
    endpoint{"POST", "/v1/services/*/drain", drain, command},
    endpoint{"POST", "/v1/services/*/undrain", undrain, command},
    endpoint{"POST", "/v1/checks/*/*/report", report, command},
    endpoint{"POST", "/v1/drain", drain, command},
    endpoint{"POST", "/v1/undrain", undrain, command},
    endpoint{"POST", "/v1/neighbors/*/*", change_neighbor, command},
    endpoint{"POST", "/v1/fleet/*/*", change_fleet, command},
    endpoint{"POST", "/v1/reload", reload, command},
    endpoint{"POST", "/v1/log", change_log, command},
    endpoint{"POST", "/v1/restart", restart, command},
    endpoint{"POST", "/v1/pre-reboot", pre_reboot, lock},
    endpoint{"POST", "/v1/steady-state", steady_state, lock},
};

/// The names for the pattern's stars, when the path is of its form.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& path) {
    std::vector<std::string> names;
    for (const auto& segment : path) {
        if (pattern.empty())
            return std::nullopt;
        pattern.remove_prefix(1); // the slash
        const auto wanted = pattern.substr(0, pattern.find('/'));
        if (wanted == "*" && !segment.empty())
            names.push_back(segment);
        else if (wanted != segment)
            return std::nullopt;
        pattern.remove_prefix(wanted.size());
    }
    if (!pattern.empty())
        return std::nullopt;
    return names;
}

/// RFC 9112 §3.2: clients send the path, and a server takes a whole URL too.
urls::result<urls::url_view> parse_target(std::string_view target) {
    if (target.starts_with('/'))
        return urls::parse_origin_form(target);
    return urls::parse_uri(target);
}

/// The endpoint, and the names in the path; else the refusal.
std::expected<const endpoint*, response> find(const request& asked,
                                              const std::vector<std::string>& path, call& found) {
    // RFC 9110 §9.3.2: HEAD is GET whose content is not sent.
    const std::string_view method = asked.method == "HEAD" ? std::string_view{"GET"} : asked.method;
    std::string allow;
    for (const auto& known : endpoints) {
        auto names = match(known.path, path);
        const bool for_agents = found.who == audience::agent;
        if (!names || (known.what == lock) != for_agents ||
            (known.what == command && found.who != audience::operators))
            continue;
        if (known.method == method) {
            found.names = *std::move(names);
            return &known;
        }
        allow = known.method == "GET" ? "GET, HEAD" : known.method;
    }
    if (allow.empty())
        return std::unexpected(nothing_here());
    auto refused = problem(405, "method_not_allowed", fmt::format("this path takes {}", allow));
    refused.allow = std::move(allow);
    return std::unexpected(std::move(refused));
}

/// Whether whoever asks may use the endpoint, in this way.
std::optional<response> refuse(const endpoint& known, const call& asked) {
    if (asked.who == audience::probes && known.what != probe)
        return too_many_connections();
    if (asked.who != audience::operators && known.what == watching)
        return problem(403, "operators_only",
                       "this is at the control socket only; /v1/events/recent is for everyone");
    if (!known.takes_parameters && !asked.parameters.empty())
        return unknown_parameter(asked.parameters.front().name);
    return std::nullopt;
}

} // namespace

answering answer(request asked, std::shared_ptr<backend> behind, asker& client, audience who,
                 std::optional<std::uint32_t> user) {
    if (who != audience::operators && !may_be_asked_for(asked, behind->hosts))
        co_return problem(421, "unknown_host",
                          fmt::format("browsers are not answered as \"{}\": use the address or "
                                      "the name of this host",
                                      asked.host));
    const auto url = parse_target(asked.target);
    if (!url)
        co_return invalid("the request's target is not a path or URL");
    std::vector<std::string> path;
    for (const auto segment : url->segments())
        path.emplace_back(segment);
    call found{std::move(behind), client, who, user, {}, {}, asked.body, asked.fleet_lock};
    for (const auto given : url->params())
        found.parameters.push_back({std::string(given.key), std::string(given.value)});
    auto known = find(asked, path, found);
    if (!known)
        co_return std::move(known.error());
    if (auto refused = refuse(**known, found))
        co_return *std::move(refused);
    auto ready = co_await (*known)->handle(found);
    // What a command has done is always told.
    ready.urgent = (*known)->what == endpoint::kind::probe ||
                   (*known)->what == endpoint::kind::command ||
                   (*known)->what == endpoint::kind::lock;
    co_return ready;
}

bool may_be_asked_for(const request& asked, const std::vector<std::string>& own) {
    if (!asked.by_browser || asked.host.empty() || asked.host.starts_with('[')) // IPv6
        return true;
    auto name = asked.host.substr(0, asked.host.rfind(':'));
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (name.ends_with('.'))
        name.pop_back();
    boost::system::error_code not_an_address;
    static_cast<void>(boost::asio::ip::make_address_v4(name, not_an_address));
    return !not_an_address || name.find('.') == std::string::npos || name.ends_with(".localhost") ||
           std::ranges::find(own, name) != own.end();
}

} // namespace herald::control
