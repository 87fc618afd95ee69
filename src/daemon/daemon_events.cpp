#include "herald/daemon/announcer.hpp"
#include "herald/daemon/daemon.hpp"
#include "herald/daemon/log.hpp"

#include <fmt/format.h>
#include <utility>

// What the modules tell: it is logged, and acted on in the same turn of the loop.

namespace herald::daemon {

namespace {

/// How long a change of what is acknowledged is looked out for.
constexpr std::chrono::minutes acknowledgement_limit{1};

} // namespace

void daemon::service_changed(managed_service& which) {
    if (stopping_)
        return;
    auto level = which.heard() == net::announcement::normal ? log_level::info : log_level::warning;
    log(level, "service_state",
        fmt::format("service {} is {} and {}: {}", which.name(), service::to_string(which.health()),
                    service::to_string(which.administration()), which.cause()),
        {{"service", which.name()},
         {"health", std::string(service::to_string(which.health()))},
         {"administration", std::string(service::to_string(which.administration()))},
         {"heard", std::string(net::to_string(which.heard()))}});
    const auto sent = updates_sent();
    announce(which, speaker_);
    measure_change(which, sent);
    addresses_.service_changed(which);
    chronicle_.service_changed(which);
    complete_settled(services_, speaker_, false);
    views_changed();
}

void daemon::check_ran(const managed_service& which, const health::check& check, bool changed) {
    const auto& status = check.status();
    chronicle_.check_ran(which, check, changed);
    auto agrees = changed || !status.settled || *status.settled == status.last->outcome;
    auto level = changed ? log_level::info : agrees ? log_level::trace : log_level::debug;
    log(level, "check_result",
        fmt::format("check {} of service {} {}", check.settings().name, which.name(),
                    describe(check)),
        {{"service", which.name()},
         {"check", check.settings().name},
         {"settled",
          status.settled ? std::string(health::to_string(*status.settled)) : "unknown"}});
}

void daemon::drain_expired(managed_service& which, const service::stored_drain& drain) {
    auto name = which.name();
    log(log_level::info, "undrain", fmt::format("the drain of service {} has ended", name));
    drains_.apply(
        [name, drain](service::stored_drains& drains) {
            // One that the operator has given meanwhile stays.
            if (auto found = drains.find(name); found != drains.end() && found->second == drain)
                drains.erase(found);
        },
        [](std::error_code error) {
            // What stays on disk has expired there too, and a start drops it.
            if (error)
                log(log_level::warning, "undrain",
                    fmt::format("the end of the drain could not be stored: {}", error.message()));
        });
}

void daemon::state_changed(const peering::neighbor& which, bgp::session_state before,
                           bgp::session_state now) {
    log(log_level::debug, "neighbor_state",
        fmt::format("neighbor {}: {} -> {}", which.settings().name, bgp::to_string(before),
                    bgp::to_string(now)),
        {{"neighbor", which.settings().name}});
    chronicle_.state_changed(which, before, now);
    views_changed();
}

void daemon::session_up(const peering::neighbor& which) {
    const auto& session = *which.session();
    last_failures_.erase(which.settings().name);
    log(log_level::info, "session_up",
        fmt::format("neighbor {} is Established", which.settings().name),
        {{"neighbor", which.settings().name},
         {"address", which.settings().address.to_string()},
         {"peer_as", std::to_string(session.peer_as)},
         {"hold_time", std::to_string(session.hold_time.count())}});
    views_changed();
}

void daemon::session_ended(const peering::neighbor& which, const peering::session_end& end) {
    auto text = end.describe();
    auto& last = last_failures_[which.settings().name];
    auto repeated = !end.was_established && std::exchange(last, text) == text;
    auto level = end.was_established && !stopping_ ? log_level::warning
                 : repeated                        ? log_level::debug // at every retry
                                                   : log_level::info;
    log(level, "session_ended",
        fmt::format("neighbor {}: {}: {}", which.settings().name,
                    end.was_established ? "the session ended" : "no session", text),
        {{"neighbor", which.settings().name}});
    chronicle_.session_ended(which, end);
    views_changed();
}

void daemon::malformed_update(const peering::neighbor& which, const wire::checked_update& update) {
    const auto& first = update.malformations.front();
    if (!malformed_limit_.admit())
        return;
    log(log_level::warning, "malformed_update",
        fmt::format("neighbor {}: malformed UPDATE: attribute {}: {}", which.settings().name,
                    first.type, wire::describe(first.error)),
        {{"neighbor", which.settings().name},
         {"outcome", update.outcome == wire::disposition::treat_as_withdraw ? "treat-as-withdraw"
                                                                            : "attribute discard"},
         {"count", std::to_string(which.malformed_updates())}});
}

void daemon::problem(const peering::neighbor& which, const std::string& text) {
    log(log_level::warning, "neighbor_problem",
        fmt::format("neighbor {}: {}", which.settings().name, text),
        {{"neighbor", which.settings().name}});
}

/// Tells those that wait at the control socket, now and when neighbors have acknowledged.
void daemon::views_changed() {
    server_.changed();
    if (watching_acknowledgement_ || stopping_)
        return;
    watching_acknowledgement_ = true;
    speaker_.when_acknowledged(acknowledgement_limit, [this] {
        watching_acknowledgement_ = false;
        server_.changed();
    });
}

} // namespace herald::daemon
