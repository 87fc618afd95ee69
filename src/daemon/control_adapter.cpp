#include "herald/daemon/control_adapter.hpp"

#include "herald/daemon/explain.hpp"
#include "herald/daemon/log.hpp"
#include "herald/daemon/views.hpp"
#include "herald/text/version.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace herald::daemon {

using control::refusal;

namespace {

refusal not_stored(const std::error_code& error) {
    return {refusal::kind::failed,
            fmt::format("the drain could not be stored: {}", error.message())};
}

} // namespace

control::status_view control_adapter::status() const {
    announcer_.send();
    const auto& settings = process_.settings();
    control::status_view view;
    view.version = text::version();
    view.local_as = settings.local_as;
    view.router_id = boost::asio::ip::address_v4(settings.router_id).to_string();
    view.started = started_;
    view.config_file = process_.config_file();
    for (const auto& neighbor : speaker_.neighbors())
        view.neighbors.push_back(view_of(*neighbor));
    for (const auto& service : services_.all())
        view.services.push_back(view_of(*service, speaker_));
    reporter_.events().complete(view);
    view.problems = problems_of(view.neighbors, view.services);
    return view;
}

std::vector<control::route_view> control_adapter::routes(const std::string& name) const {
    announcer_.send();
    std::vector<control::route_view> views;
    for (const auto& neighbor : speaker_.neighbors()) {
        if (!name.empty() && neighbor->settings().name != name)
            continue;
        auto more = routes_of(*neighbor, services_.all());
        views.insert(views.end(), std::make_move_iterator(more.begin()),
                     std::make_move_iterator(more.end()));
    }
    return views;
}

const control::measurements& control_adapter::measured() const {
    return reporter_.events().measured();
}

std::vector<control::event_view> control_adapter::recent_events() const {
    return reporter_.events().recent();
}

/// The services that are asked for, in the order of the configuration; all when none is named.
std::expected<std::vector<std::string>, refusal>
control_adapter::names_of(const std::vector<std::string>& asked) const {
    for (const auto& name : asked)
        if (services_.find(name) == nullptr)
            return std::unexpected(
                refusal{refusal::kind::not_found, fmt::format("there is no service {}", name)});
    std::vector<std::string> names;
    for (const auto& service : services_.all())
        if (asked.empty() || std::ranges::find(asked, service->name()) != asked.end())
            names.push_back(service->name());
    return names;
}

/// Replies once the drains are changed on disk and in force, and neighbors have heard of it.
drain_book::outcome control_adapter::when_stored(std::string_view verb,
                                                 const std::vector<std::string>& names,
                                                 control::done reply) {
    return [this, names, verb, reply = std::move(reply)](std::error_code error) {
        if (error) {
            log(log_level::error, "drain", not_stored(error).detail);
            return reply(std::unexpected(not_stored(error)));
        }
        announcer_.send();
        log(log_level::info, "drain", fmt::format("{} {}", verb, fmt::join(names, ", ")));
        reporter_.views_changed();
        reply({});
    };
}

void control_adapter::drain(control::drain_request request, control::done reply) {
    auto names = names_of(request.services);
    if (!names)
        return reply(std::unexpected(names.error()));
    service::stored_drain drain;
    drain.since = std::chrono::system_clock::now();
    drain.immediate = request.now;
    drain.reason = request.reason;
    drain.by = request.by;
    if (request.duration)
        drain.until = drain.since + *request.duration;
    services_.drain(*names, drain, when_stored("drained", *names, std::move(reply)));
}

void control_adapter::undrain(std::vector<std::string> asked, control::done reply) {
    auto names = names_of(asked);
    if (!names)
        return reply(std::unexpected(names.error()));
    services_.undrain(*names, when_stored("undrained", *names, std::move(reply)));
}

std::expected<control::explain_view, refusal>
control_adapter::explain(const std::string& prefix) const {
    announcer_.send();
    auto view = herald::daemon::explain(prefix, services_.all(), speaker_);
    if (!view)
        return std::unexpected(
            refusal{refusal::kind::not_found, fmt::format("no service has the prefix {}", prefix)});
    return *std::move(view);
}

void control_adapter::reload(bool dry_run, control::reply_to<control::reload_view> reply) {
    process_.reload(dry_run, std::move(reply));
}

void control_adapter::restart(control::done reply) {
    process_.restart(std::move(reply));
}

void control_adapter::reader_dropped() {
    reporter_.reader_dropped();
}

std::expected<void, refusal>
control_adapter::change_neighbor(const control::neighbor_request& request) {
    using action = control::neighbor_request::action;
    auto* neighbor = speaker_.find(request.neighbor);
    if (neighbor == nullptr)
        return std::unexpected(
            refusal{refusal::kind::not_found,
                    fmt::format("there is no neighbor \"{}\"", request.neighbor)});
    static constexpr std::array words{"shut down", "enabled", "reset", "refreshed"};
    log(log_level::info, "neighbor",
        fmt::format("neighbor {} is {} by the operator{}{}", request.neighbor,
                    words[static_cast<std::size_t>(request.what)],
                    request.reason.empty() ? "" : ": ", request.reason),
        {{"neighbor", request.neighbor}});
    switch (request.what) {
    case action::shutdown: neighbor->shut_down(request.reason); break;
    case action::enable: neighbor->enable(); break;
    case action::reset:
        neighbor->reset(wire::make_cease(wire::cease_code::administrative_reset));
        break;
    case action::refresh: neighbor->refresh(); break;
    }
    reporter_.views_changed();
    return {};
}

std::expected<void, refusal> control_adapter::set_log_level(const std::string& text) {
    const auto level = parse_log_level(text);
    if (!level)
        return std::unexpected(
            refusal{refusal::kind::invalid,
                    fmt::format("\"{}\" is not trace, debug, info, warning or error", text)});
    herald::daemon::set_log_level(*level);
    log(log_level::info, "log", fmt::format("the log level is now {}", text));
    return {};
}

void control_adapter::cannot_accept(const std::string& why) {
    log(log_level::warning, "control", fmt::format("control socket: cannot accept: {}", why));
}

std::expected<void, refusal> control_adapter::report(const control::report_request& request) {
    const auto* service = services_.find(request.service);
    if (service == nullptr)
        return std::unexpected(refusal{refusal::kind::not_found,
                                       fmt::format("there is no service {}", request.service)});
    const auto& checks = service->checks();
    const auto check = std::ranges::find(checks, request.check,
                                         [](const auto& one) { return one->settings().name; });
    if (check == checks.end())
        return std::unexpected(
            refusal{refusal::kind::not_found,
                    fmt::format("the service {} has no check {}", request.service, request.check)});
    const auto outcome = request.result == "pass"       ? health::verdict::pass
                         : request.result == "degraded" ? health::verdict::degraded
                                                        : health::verdict::fail;
    if ((*check)->report({outcome, request.ttl, request.output})) {
        announcer_.send();
        return {};
    }
    return std::unexpected(
        refusal{refusal::kind::conflict,
                fmt::format("the check {} is of type {}: it is run, and takes no reports",
                            request.check, health::type_name((*check)->settings().probe))});
}

} // namespace herald::daemon
