#include "herald/control/response.hpp"
#include "herald/daemon/control_adapter.hpp"
#include "herald/daemon/fleet_view.hpp"
#include "herald/daemon/log.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <utility>

// Who is drained, and may be.

namespace herald::daemon {

using control::refusal;

namespace {

refusal not_stored(const std::error_code& error) {
    return {refusal::kind::failed, "not_stored",
            fmt::format("the drain could not be stored: {}", error.message())};
}

service::drain drain_of(const control::caller& who, const control::drain_request& request) {
    service::drain drain;
    drain.since = std::chrono::system_clock::now();
    drain.immediate = request.now;
    drain.reason = request.reason;
    drain.by = to_text(who);
    if (request.duration)
        drain.until = drain.since + *request.duration;
    return drain;
}

refusal guard_refused(const fleet_claim::denied& how) {
    return {refusal::kind::conflict, how.store_lost ? "store_lost" : "guard_refused",
            fmt::format("{} is not drained: {}", how.service, how.why)};
}

} // namespace

/// The services that are asked for, in the order of the configuration; all when none is named.
/// `others` are names too.
std::expected<std::vector<std::string>, refusal>
control_adapter::names_of(const std::vector<std::string>& asked,
                          std::vector<std::string> others) const {
    const auto is_asked_for = [&](const std::string& name) {
        return asked.empty() || std::ranges::find(asked, name) != asked.end();
    };
    for (const auto& name : asked)
        if (services_.find(name) == nullptr && std::ranges::find(others, name) == others.end())
            return std::unexpected(control::no_service(name));
    std::vector<std::string> names;
    for (const auto& service : services_.all())
        if (is_asked_for(service->name()))
            names.push_back(service->name());
    std::ranges::copy_if(others, std::back_inserter(names), is_asked_for);
    return names;
}

/// Says what is asked for, of each service.
void control_adapter::record(const control::caller& who, control::event_view command,
                             const std::vector<std::string>& services) {
    for (const auto& name : services) {
        command.service = name;
        reporter_.commanded(who, log_level::info, fmt::format("{} {}", command.to, name), command);
    }
}

/// Replies once the drains are changed on disk and in force, and neighbors have heard of it.
managed_services::outcome control_adapter::when_stored(control::done reply) {
    return [this, reply = std::move(reply)](std::error_code error) {
        if (error) {
            log(log_level::error, "drain", not_stored(error).detail);
            return reply(std::unexpected(not_stored(error)));
        }
        announcer_.send();
        reporter_.views_changed();
        reply({});
    };
}

/// With a guard, permits come first. Whoever asks has them until the drain is in force.
std::shared_ptr<void> control_adapter::drain(const control::caller& who,
                                             control::drain_request request, control::done reply) {
    auto names = names_of(request.services);
    if (!names) {
        reply(std::unexpected(names.error()));
        return nullptr;
    }
    const bool guarded = fleet_.guards(*names);
    record(who,
           {.to = guarded && request.force ? "drain_forced" : "drain", .cause = request.reason},
           *names);
    auto put_in_force = [this, names = *names, drain = drain_of(who, request),
                         reply](const std::shared_ptr<void>& claim) {
        services_.drain(names, drain,
                        [claim, stored = when_stored(reply)](auto error) { stored(error); });
    };
    if (!guarded || request.force) {
        put_in_force(nullptr);
        return nullptr;
    }
    const auto had = std::make_shared<std::weak_ptr<fleet_claim>>();
    auto claim = fleet_.ask(*names, {to_text(who), request.reason, request.queue},
                            [had, put_in_force, reply](const auto& how) {
                                if (how)
                                    return put_in_force(had->lock());
                                reply(std::unexpected(guard_refused(how.error())));
                            });
    *had = claim;
    claim->go_on();
    return claim;
}

void control_adapter::undrain(const control::caller& who, control::undrain_request request,
                              control::done reply) {
    auto names = names_of(request.services, services_.orphaned_drains());
    if (!names)
        return reply(std::unexpected(names.error()));
    record(who, {.to = "undrain"}, *names);
    services_.undrain(*names, when_stored(std::move(reply)));
}

control::fleet_view control_adapter::fleet() const {
    announcer_.send();
    return full_view_of(fleet_);
}

void control_adapter::change_fleet(const control::caller& who, control::fleet_request request,
                                   control::done reply) {
    const bool all = request.what == control::fleet_request::action::forget;
    auto* store = fleet_.store();
    if (store == nullptr)
        return reply(std::unexpected(
            refusal{refusal::kind::conflict, "no_fleet", "there is no [fleet] here"}));
    reporter_.commanded(
        who, log_level::info,
        fmt::format("the node {} is to be {}", request.node, all ? "forgotten" : "released"),
        {.to = all ? "forget" : "release", .cause = request.node});
    store->clear(
        request.node, all ? fleet::store::remainder::everything : fleet::store::remainder::permits,
        [reply](const auto& how) {
            if (how)
                return reply({});
            reply(std::unexpected(refusal{refusal::kind::conflict, "not_cleared", how.error()}));
        });
}

} // namespace herald::daemon
