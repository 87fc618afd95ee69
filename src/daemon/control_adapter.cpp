#include "herald/daemon/control_adapter.hpp"

#include "herald/control/response.hpp"
#include "herald/daemon/bfd_view.hpp"
#include "herald/daemon/explain.hpp"
#include "herald/daemon/fleet_view.hpp"
#include "herald/daemon/log.hpp"
#include "herald/daemon/views.hpp"
#include "herald/text/version.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <fmt/format.h>

namespace herald::daemon {

using control::refusal;

control::status_view control_adapter::status() const {
    announcer_.send();
    const auto& settings = process_.settings();
    control::status_view view;
    view.version = text::version();
    view.local_as = settings.local_as;
    view.router_id = boost::asio::ip::address_v4(settings.router_id).to_string();
    view.started = reporter_.events().history().started;
    view.restarted = reporter_.events().resumed();
    view.config_file = process_.config_file();
    for (const auto& neighbor : speaker_.neighbors())
        view.neighbors.push_back(view_of(*neighbor, speaker_));
    for (const auto& service : services_.all()) {
        view.services.push_back(view_of(*service, speaker_));
        view.services.back().guard = guard_view_of(*service, fleet_);
        reporter_.events().complete(view.services.back());
    }
    view.bfd_strays = by_reason(speaker_.bfd_strays());
    view.fleet = view_of(fleet_);
    view.problems = problems_of(view.neighbors, view.services);
    if (view.fleet && view.fleet->trouble)
        view.problems.push_back(fmt::format("fleet: {}", *view.fleet->trouble));
    for (const auto& name : services_.orphaned_drains())
        view.problems.push_back(fmt::format("a drain of {0} is kept, but there is no service {0}: "
                                            "\"heraldctl undrain {0}\" ends it",
                                            name));
    return view;
}

std::vector<std::string> control_adapter::neighbor_names() const {
    std::vector<std::string> names;
    for (const auto& neighbor : speaker_.neighbors())
        names.push_back(neighbor->settings().name);
    return names;
}

std::vector<std::string> control_adapter::service_names() const {
    std::vector<std::string> names;
    for (const auto& service : services_.all())
        names.push_back(service->name());
    return names;
}

std::vector<control::check_name> control_adapter::check_names() const {
    std::vector<control::check_name> names;
    for (const auto& service : services_.all())
        for (const auto& check : service->checks())
            names.push_back({service->name(), check->settings().name});
    return names;
}

std::optional<control::neighbor_view> control_adapter::neighbor(const std::string& name) const {
    announcer_.send();
    const auto* neighbor = speaker_.find(name);
    return neighbor == nullptr ? std::nullopt : std::optional(view_of(*neighbor, speaker_));
}

std::optional<control::service_view> control_adapter::service(const std::string& name) const {
    announcer_.send();
    const auto* service = services_.find(name);
    if (service == nullptr)
        return std::nullopt;
    auto view = view_of(*service, speaker_);
    view.guard = guard_view_of(*service, fleet_);
    reporter_.events().complete(view);
    return view;
}

std::optional<control::check_view> control_adapter::check(const control::check_name& which) const {
    if (auto found = service(which.service))
        for (auto& check : found->checks)
            if (check.name == which.name)
                return std::move(check);
    return std::nullopt;
}

std::expected<std::vector<control::route_view>, refusal>
control_adapter::routes(const std::string& name, const std::string& after, std::size_t most) const {
    announcer_.send();
    const auto* neighbor = speaker_.find(name);
    if (neighbor == nullptr)
        return std::unexpected(control::no_neighbor(name));
    if (after.empty())
        return routes_of(*neighbor, services_.all(), std::nullopt, most);
    const auto last = net::ip_prefix::parse(after);
    if (!last)
        return std::unexpected(refusal{refusal::kind::invalid, "invalid_request",
                                       fmt::format("\"{}\" is not a prefix", after)});
    return routes_of(*neighbor, services_.all(), *last, most);
}

const control::measurements& control_adapter::measured() const {
    return reporter_.events().measured();
}

std::vector<control::event_view> control_adapter::recent_events() const {
    return reporter_.events().recent();
}

std::expected<control::explain_view, refusal>
control_adapter::explain(const std::string& prefix) const {
    announcer_.send();
    auto view = herald::daemon::explain(prefix, services_.all(), speaker_);
    if (!view)
        return std::unexpected(refusal{refusal::kind::not_found, "unknown_prefix",
                                       fmt::format("no service has the prefix {}", prefix)});
    return *std::move(view);
}

void control_adapter::reload(const control::caller& who, control::reload_request request,
                             control::reply_to<control::reload_view> reply) {
    reporter_.commanded(who, log_level::info,
                        request.dry_run ? "a reload was tried" : "a reload was asked for",
                        {.to = request.dry_run ? "reload_dry_run" : "reload"});
    process_.reload(request.dry_run, std::move(reply));
}

void control_adapter::restart(const control::caller& who, control::restart_request request,
                              control::reply_to<control::restart_view> reply) {
    reporter_.commanded(who, log_level::info,
                        request.reset ? "a restart was asked for that resets the sessions"
                                      : "a restart was asked for",
                        {.to = request.reset ? "restart_reset" : "restart"});
    process_.restart(request, std::move(reply));
}

void control_adapter::reader_dropped() {
    reporter_.reader_dropped();
}

void control_adapter::change_neighbor(const control::caller& who, control::neighbor_request request,
                                      control::done reply) {
    using action = control::neighbor_request::action;
    auto* neighbor = speaker_.find(request.neighbor);
    if (neighbor == nullptr)
        return reply(std::unexpected(control::no_neighbor(request.neighbor)));
    static constexpr std::array done{"shut down", "enabled", "reset", "refreshed"};
    static constexpr std::array verbs{"shutdown", "enable", "reset", "refresh"};
    const auto at = static_cast<std::size_t>(request.what);
    reporter_.commanded(who, log_level::info,
                        fmt::format("neighbor {} is {} by the operator{}{}", request.neighbor,
                                    done[at], request.reason.empty() ? "" : ": ", request.reason),
                        {.neighbor = request.neighbor, .to = verbs[at], .cause = request.reason});
    const auto stored = [name = request.neighbor, reply](std::error_code error) {
        if (!error)
            return reply({});
        const auto why = fmt::format("it is done, but a restart will undo it: what was done to "
                                     "neighbor {} could not be stored: {}",
                                     name, error.message());
        log(log_level::error, "neighbor", why, {{"neighbor", name}});
        reply(std::unexpected(refusal{refusal::kind::failed, "not_stored", why}));
    };
    switch (request.what) {
    case action::shutdown:
        shutdowns_.shut_down(request.neighbor,
                             {std::chrono::system_clock::now(), request.reason, to_text(who)},
                             stored);
        break;
    case action::enable: shutdowns_.enable(request.neighbor, stored); break;
    case action::reset:
        neighbor->reset(wire::make_cease(wire::cease_code::administrative_reset));
        reply({});
        break;
    case action::refresh:
        neighbor->refresh();
        reply({});
        break;
    }
    reporter_.views_changed();
}

std::expected<void, refusal> control_adapter::set_log_level(const control::caller& who,
                                                            const control::log_request& request) {
    const auto level = parse_log_level(request.level);
    if (!level)
        return std::unexpected(refusal{
            refusal::kind::invalid, "invalid_request",
            fmt::format("\"{}\" is not trace, debug, info, warning or error", request.level)});
    herald::daemon::set_log_level(*level);
    reporter_.commanded(who, log_level::info, fmt::format("the log level is now {}", request.level),
                        {.to = "log", .cause = request.level});
    return {};
}

void control_adapter::cannot_accept(const std::string& why) {
    log(log_level::warning, "control", fmt::format("control socket: cannot accept: {}", why));
}

std::expected<void, refusal> control_adapter::report(const control::caller& who,
                                                     const control::report_request& request) {
    const auto* service = services_.find(request.service);
    if (service == nullptr)
        return std::unexpected(control::no_service(request.service));
    const auto& checks = service->checks();
    const auto check = std::ranges::find(checks, request.check,
                                         [](const auto& one) { return one->settings().name; });
    if (check == checks.end())
        return std::unexpected(control::no_check(request.service, request.check));
    const auto outcome = request.result == "pass"       ? health::verdict::pass
                         : request.result == "degraded" ? health::verdict::degraded
                                                        : health::verdict::fail;
    if ((*check)->report({outcome, request.ttl, request.output})) {
        announcer_.send();
        reporter_.commanded(who, log_level::debug,
                            fmt::format("check {} of service {} was reported as {}", request.check,
                                        request.service, request.result),
                            {.service = request.service,
                             .check = request.check,
                             .to = "report",
                             .cause = request.result});
        return {};
    }
    return std::unexpected(
        refusal{refusal::kind::conflict, "check_is_run",
                fmt::format("the check {} is of type {}: it is run, and takes no reports",
                            request.check, health::type_name((*check)->settings().probe))});
}

} // namespace herald::daemon
