#include "herald/control/routing.hpp"

#include "herald/control/metrics.hpp"
#include "herald/control/readiness.hpp"
#include "herald/control/request_body.hpp"
#include "herald/control/status_page.hpp"
#include "herald/control/views.hpp"

#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace herald::control {

namespace {

namespace json = boost::json;
namespace urls = boost::urls;

/// One request, as a handler sees it.
struct call {
    const operations& daemon;
    audience who;
    std::vector<std::string> names; // what stood for the pattern's stars
    std::vector<parameter> parameters;
    std::string_view body;
};

response unknown_parameter(const parameter& given) {
    return problem(400, fmt::format("unknown parameter \"{}\"", given.name));
}

response nothing_here() {
    return problem(404, "there is nothing at this path");
}

outcome show_status(const call& asked) {
    return show(to_json(asked.daemon.status()));
}

outcome show_neighbors(const call& asked) {
    return show(json::object{{"neighbors", to_json(asked.daemon.status().neighbors)}});
}

outcome show_services(const call& asked) {
    return show(json::object{{"services", to_json(asked.daemon.status().services)}});
}

template <typename View>
const View* find(const std::vector<View>& views, std::string_view name) {
    const auto found = std::ranges::find(views, name, &View::name);
    return found == views.end() ? nullptr : &*found;
}

outcome show_one_neighbor(const call& asked) {
    return show_neighbor(asked.names[0], asked.daemon.status());
}

outcome show_service(const call& asked) {
    const auto status = asked.daemon.status();
    const auto* service = find(status.services, asked.names[0]);
    return service == nullptr ? no_service(asked.names[0]) : show(to_json(*service));
}

outcome show_checks(const call& asked) {
    json::array checks;
    for (const auto& service : asked.daemon.status().services) {
        for (const auto& check : service.checks)
            checks.emplace_back(to_json(check));
    }
    return show(json::object{{"checks", std::move(checks)}});
}

outcome show_routes(const call& asked) {
    std::string neighbor;
    for (const auto& given : asked.parameters) {
        if (given.name != "neighbor")
            return unknown_parameter(given);
        neighbor = given.value;
    }
    if (!neighbor.empty() && find(asked.daemon.status().neighbors, neighbor) == nullptr)
        return no_neighbor(neighbor);
    return show(json::object{{"routes", to_json(asked.daemon.routes(neighbor))}});
}

outcome follow_events(const call&) {
    return response{.body = "", .type = "application/x-ndjson", .endless = true};
}

outcome show_recent_events(const call& asked) {
    return show(json::object{{"events", to_json(asked.daemon.recent_events())}});
}

outcome show_metrics(const call& asked) {
    // The type that Prometheus asks for, with the version of the format.
    return response{.body = to_metrics(asked.daemon.status(), asked.daemon.measured()),
                    .type = "text/plain; version=0.0.4; charset=utf-8"};
}

/// That it is answered at all says that the loop turns.
outcome show_live(const call&) {
    return show_text(200, "ok\n");
}

outcome show_ready(const call& asked) {
    const auto reasons = unready(asked.daemon.status());
    return reasons.empty() ? show_text(200, "ok\n")
                           : show_text(503, fmt::format("{}\n", fmt::join(reasons, "\n")));
}

outcome show_page(const call&) {
    return status_page();
}

/// The services that a request is about: the one in its path, or those in its body.
outcome about(const call& asked, auto wanted) {
    if (!asked.names.empty() && !wanted.services.empty())
        return problem(400, "the path names the service: \"services\" has no place in the body");
    if (!asked.names.empty())
        wanted.services = asked.names;
    return wanted;
}

outcome drain(const call& asked) {
    auto parsed = parse_drain(asked.body);
    return parsed ? about(asked, *std::move(parsed)) : problem(400, parsed.error());
}

outcome undrain(const call& asked) {
    auto parsed = parse_undrain(asked.body);
    return parsed ? about(asked, undrain_request{*std::move(parsed)})
                  : problem(400, parsed.error());
}

outcome explain(const call& asked) {
    std::string prefix;
    for (const auto& given : asked.parameters) {
        if (given.name != "prefix")
            return unknown_parameter(given);
        prefix = given.value;
    }
    if (prefix.empty())
        return problem(400, "the parameter \"prefix\" is missing");
    const auto explained = asked.daemon.explain(prefix);
    return explained ? show(to_json(*explained)) : problem(explained.error());
}

outcome neighbor_action(const call& asked) {
    using action = neighbor_request::action;
    static constexpr std::array actions{
        std::pair{"shutdown", action::shutdown}, std::pair{"enable", action::enable},
        std::pair{"reset", action::reset}, std::pair{"refresh", action::refresh}};
    const auto known = std::ranges::find(actions, asked.names[1],
                                         [](const auto& each) { return std::string(each.first); });
    if (known == actions.end())
        return nothing_here();
    auto reason = parse_reason(asked.body, known->second == action::shutdown);
    if (!reason)
        return problem(400, reason.error());
    return neighbor_request{known->second, asked.names[0], *std::move(reason)};
}

outcome reload(const call& asked) {
    const auto dry_run = parse_reload(asked.body);
    return dry_run ? outcome{reload_request{*dry_run}} : problem(400, dry_run.error());
}

outcome log_level(const call& asked) {
    auto level = parse_log(asked.body);
    return level ? outcome{log_request{*std::move(level)}} : problem(400, level.error());
}

outcome restart(const call& asked) {
    if (auto parsed = parse_nothing(asked.body); !parsed)
        return problem(400, parsed.error());
    return restart_request{};
}

outcome report(const call& asked) {
    auto parsed = parse_report(asked.body);
    if (!parsed)
        return problem(400, parsed.error());
    parsed->service = asked.names[0];
    parsed->check = asked.names[1];
    return *std::move(parsed);
}

outcome wait(const call& asked) {
    auto parsed = parse_wait(asked.parameters);
    if (!parsed)
        return problem(400, parsed.error());
    return *std::move(parsed);
}

struct endpoint {
    std::string_view method;
    std::string_view path; // a star stands for any one name
    outcome (*handle)(const call&);
    bool takes_parameters = false;
    audience who = audience::everyone;
};

constexpr auto operators = audience::operators;

constexpr std::array endpoints{
    endpoint{"GET", "/v1/status", show_status},
    endpoint{"GET", "/v1/neighbors", show_neighbors},
    endpoint{"GET", "/v1/neighbors/*", show_one_neighbor},
    endpoint{"GET", "/v1/services", show_services},
    endpoint{"GET", "/v1/services/*", show_service},
    endpoint{"GET", "/v1/checks", show_checks},
    endpoint{"GET", "/v1/routes", show_routes, true},
    endpoint{"GET", "/v1/explain", explain, true},
    endpoint{"GET", "/v1/events", follow_events},
    endpoint{"GET", "/v1/events/recent", show_recent_events},
    endpoint{"GET", "/metrics", show_metrics},
    endpoint{"GET", "/livez", show_live},
    endpoint{"GET", "/readyz", show_ready},
    endpoint{"GET", "", show_page}, // at "/", a path without segments
    endpoint{"GET", "/v1/wait", wait, true, operators},
    endpoint{"POST", "/v1/services/*/drain", drain, false, operators},
    endpoint{"POST", "/v1/services/*/undrain", undrain, false, operators},
    endpoint{"POST", "/v1/checks/*/*/report", report, false, operators},
    endpoint{"POST", "/v1/drain", drain, false, operators},
    endpoint{"POST", "/v1/undrain", undrain, false, operators},
    endpoint{"POST", "/v1/neighbors/*/*", neighbor_action, false, operators},
    endpoint{"POST", "/v1/reload", reload, false, operators},
    endpoint{"POST", "/v1/log", log_level, false, operators},
    endpoint{"POST", "/v1/restart", restart, false, operators},
};

/// The names for the pattern's stars, where the path is of its form.
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

outcome dispatch(const request& asked, const std::vector<std::string>& path, call& asked_call) {
    // RFC 9110 §9.3.2: HEAD is GET whose content is not sent.
    const std::string_view method = asked.method == "HEAD" ? std::string_view{"GET"} : asked.method;
    std::string allow;
    for (const auto& known : endpoints) {
        auto names = match(known.path, path);
        if (!names || (known.who == operators && asked_call.who != operators))
            continue;
        if (known.method != method) {
            allow = known.method == "GET" ? "GET, HEAD" : known.method;
            continue;
        }
        if (!known.takes_parameters && !asked_call.parameters.empty())
            return unknown_parameter(asked_call.parameters.front());
        asked_call.names = *std::move(names);
        return known.handle(asked_call);
    }
    if (allow.empty())
        return nothing_here();
    auto refused = problem(405, fmt::format("this path takes {}", allow));
    refused.allow = std::move(allow);
    return refused;
}

} // namespace

outcome route(const request& asked, const operations& daemon, audience who) {
    const auto url = parse_target(asked.target);
    if (!url)
        return problem(400, "the request's target is not a path or URL");
    std::vector<std::string> path;
    for (const auto segment : url->segments())
        path.emplace_back(segment);
    call asked_call{daemon, who, {}, {}, asked.body};
    for (const auto given : url->params())
        asked_call.parameters.push_back({std::string(given.key), std::string(given.value)});
    return dispatch(asked, path, asked_call);
}

response show_changed(const std::vector<std::string>& names, const status_view& status) {
    if (names.size() == 1) {
        const auto* service = find(status.services, names.front());
        return service == nullptr ? no_service(names.front()) : show(to_json(*service));
    }
    json::array changed;
    for (const auto& service : status.services)
        if (names.empty() || std::ranges::find(names, service.name) != names.end())
            changed.emplace_back(to_json(service));
    return show(json::object{{"services", std::move(changed)}});
}

response show_neighbor(const std::string& name, const status_view& status) {
    const auto* neighbor = find(status.neighbors, name);
    return neighbor == nullptr ? no_neighbor(name) : show(to_json(*neighbor));
}

response show_level(const std::string& level) {
    return show(json::object{{"level", level}});
}

response show_restarting() {
    return show(json::object{{"restarting", true}});
}

response show_reported(const report_request& reported, const status_view& status) {
    if (const auto* service = find(status.services, reported.service))
        if (const auto* check = find(service->checks, reported.check))
            return show(to_json(*check));
    return problem(404, fmt::format("the service \"{}\" has no check \"{}\"", reported.service,
                                    reported.check));
}

} // namespace herald::control
