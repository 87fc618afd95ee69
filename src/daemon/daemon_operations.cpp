#include "herald/daemon/daemon.hpp"
#include "herald/daemon/explain.hpp"
#include "herald/daemon/log.hpp"
#include "herald/daemon/views.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

// What the control socket asks for.

namespace herald::daemon {

using control::refusal;

namespace {

std::vector<std::string> names_of(const std::vector<managed_service*>& services) {
    std::vector<std::string> names;
    names.reserve(services.size());
    for (const auto* service : services)
        names.push_back(service->name());
    return names;
}

refusal not_stored(const std::error_code& error) {
    return {refusal::kind::failed,
            fmt::format("the drain could not be stored: {}", error.message())};
}

} // namespace

control::status_view daemon::status() const {
    control::status_view view;
    view.version = HERALD_VERSION;
    view.local_as = settings_.local_as;
    view.router_id = boost::asio::ip::address_v4(settings_.router_id).to_string();
    view.started = started_;
    view.config_file = start_.config_file;
    for (const auto& neighbor : speaker_.neighbors())
        view.neighbors.push_back(view_of(*neighbor));
    for (const auto& service : services_)
        view.services.push_back(view_of(*service, speaker_));
    chronicle_.complete(view);
    view.problems = problems_of(view.neighbors, view.services);
    return view;
}

std::vector<control::route_view> daemon::routes(const std::string& name) const {
    std::vector<control::route_view> views;
    for (const auto& neighbor : speaker_.neighbors()) {
        if (!name.empty() && neighbor->settings().name != name)
            continue;
        auto more = routes_of(*neighbor, services_);
        views.insert(views.end(), std::make_move_iterator(more.begin()),
                     std::make_move_iterator(more.end()));
    }
    return views;
}

std::expected<std::vector<managed_service*>, refusal>
daemon::find_services(const std::vector<std::string>& names) const {
    std::vector<managed_service*> found;
    for (const auto& service : services_)
        if (names.empty() || std::ranges::find(names, service->name()) != names.end())
            found.push_back(service.get());
    for (const auto& name : names)
        if (std::ranges::find(found, name, &managed_service::name) == found.end())
            return std::unexpected(
                refusal{refusal::kind::not_found, fmt::format("there is no service {}", name)});
    return found;
}

/// Changes the drains of these services on disk, then in force.
void daemon::change_drains(
    const std::vector<managed_service*>& services, std::string_view verb,
    const std::function<void(service::stored_drains&, const std::string&)>& make,
    control::done reply) {
    const auto names = names_of(services);
    drains_.apply(
        [names, make](service::stored_drains& drains) {
            for (const auto& name : names)
                make(drains, name);
        },
        [this, names, verb, reply = std::move(reply)](std::error_code error) {
            if (error) {
                log(log_level::error, "drain", not_stored(error).detail);
                return reply(std::unexpected(not_stored(error)));
            }
            using enum service::drain_source;
            for (const auto& service : services_) {
                // By name: a reload may have taken a service away while the disk was written.
                if (std::ranges::find(names, service->name()) == names.end())
                    continue;
                auto drain = drains_.drains().find(service->name());
                if (drain == drains_.drains().end())
                    service->undrain(by_operator);
                else
                    service->drain(by_operator, drain->second);
            }
            log(log_level::info, "drain", fmt::format("{} {}", verb, fmt::join(names, ", ")));
            views_changed();
            reply({});
        });
}

void daemon::drain(control::drain_request request, control::done reply) {
    auto services = find_services(request.services);
    if (!services)
        return reply(std::unexpected(services.error()));
    service::stored_drain drain;
    drain.since = std::chrono::system_clock::now();
    drain.immediate = request.now;
    drain.reason = request.reason;
    drain.by = request.by;
    if (request.duration)
        drain.until = drain.since + *request.duration;
    auto make = [drain](service::stored_drains& drains, const std::string& name) {
        auto [existing, added] = drains.emplace(name, drain);
        auto since = existing->second.since; // a 'draining' that began goes on
        existing->second = drain;
        existing->second.since = since;
    };
    change_drains(*services, "drained", make, std::move(reply));
}

void daemon::undrain(std::vector<std::string> names, control::done reply) {
    auto services = find_services(names);
    if (!services)
        return reply(std::unexpected(services.error()));
    auto make = [](service::stored_drains& drains, const std::string& name) { drains.erase(name); };
    change_drains(*services, "undrained", make, std::move(reply));
}

std::expected<control::explain_view, refusal> daemon::explain(const std::string& prefix) const {
    auto view = herald::daemon::explain(prefix, services_, speaker_);
    if (!view)
        return std::unexpected(
            refusal{refusal::kind::not_found, fmt::format("no service has the prefix {}", prefix)});
    return *std::move(view);
}

std::expected<void, refusal> daemon::change_neighbor(const control::neighbor_request& request) {
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
    views_changed();
    return {};
}

std::expected<void, refusal> daemon::set_log_level(const std::string& text) {
    const auto level = parse_log_level(text);
    if (!level)
        return std::unexpected(
            refusal{refusal::kind::invalid,
                    fmt::format("\"{}\" is not trace, debug, info, warning or error", text)});
    herald::daemon::set_log_level(*level);
    log(log_level::info, "log", fmt::format("the log level is now {}", text));
    return {};
}

void daemon::restart(control::done reply) {
    if (stopping_)
        return reply(std::unexpected(refusal{refusal::kind::failed, "heraldd is stopping"}));
    rehearsal::begin(
        context_.get_executor(), start_.program, start_.config_file,
        [this, reply = std::move(reply)](const std::expected<void, std::string>& how) {
            if (!how) {
                log(log_level::error, "restart", fmt::format("not restarted: {}", how.error()));
                return reply(std::unexpected(
                    refusal{refusal::kind::failed, fmt::format("not restarted: {}", how.error())}));
            }
            reply({});
            if (!stopping_)
                begin_stop(ending::start_anew, "heraldd restarts");
        });
}

void daemon::cannot_accept(const std::string& why) {
    log(log_level::warning, "control", fmt::format("control socket: cannot accept: {}", why));
}

std::expected<void, refusal> daemon::report(const control::report_request& request) {
    const auto services = find_services({request.service});
    if (!services)
        return std::unexpected(services.error());
    const auto& checks = services->front()->checks();
    const auto check = std::ranges::find(checks, request.check,
                                         [](const auto& one) { return one->settings().name; });
    if (check == checks.end())
        return std::unexpected(
            refusal{refusal::kind::not_found,
                    fmt::format("the service {} has no check {}", request.service, request.check)});
    const auto outcome = request.result == "pass"       ? health::verdict::pass
                         : request.result == "degraded" ? health::verdict::degraded
                                                        : health::verdict::fail;
    if ((*check)->report({outcome, request.ttl, request.output}))
        return {};
    return std::unexpected(
        refusal{refusal::kind::conflict,
                fmt::format("the check {} is of type {}: it is run, and takes no reports",
                            request.check, health::type_name((*check)->settings().probe))});
}

} // namespace herald::daemon
