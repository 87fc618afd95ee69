#include "herald/daemon/reporter.hpp"

#include "herald/daemon/bfd_view.hpp"
#include "herald/daemon/log.hpp"
#include "herald/service/moment.hpp"
#include "herald/text/time.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace herald::daemon {

namespace {

/// How long a change of what is acknowledged is looked out for.
constexpr std::chrono::minutes acknowledgement_limit{1};

} // namespace

void reporter::service_changed(const service_change& change, const announcer::sending& how) {
    measure(change, how);
    auto level = change.heard == net::announcement::normal ? log_level::info : log_level::warning;
    log(level, "service_state",
        fmt::format("service {} is {} and {}: {}", change.service,
                    service::to_string(change.health), service::to_string(change.administration),
                    change.cause),
        {{"service", change.service},
         {"health", std::string(service::to_string(change.health))},
         {"administration", std::string(service::to_string(change.administration))},
         {"heard", std::string(net::to_string(change.heard))}});
    events_.service_changed(change);
    views_changed();
}

void reporter::measure(const service_change& change, const announcer::sending& how) {
    if (!how.any_update)
        return;
    if (change.verdict_settled)
        events_.reacted(how.at - *change.verdict_settled);
    if (change.heard != net::announcement::none)
        return;
    speaker_.when_acknowledged(acknowledgement_limit, [this, at = how.at] {
        if (speaker_.acknowledged())
            events_.acknowledged(std::chrono::steady_clock::now() - at);
    });
}

void reporter::check_ran(const check_run& run) {
    events_.check_ran(run);
    auto level = run.changed               ? log_level::info
                 : run.agrees_with_settled ? log_level::trace
                                           : log_level::debug;
    if (!is_logged(level))
        return;
    // The routes that follow from it have gone by now: when it was known is told beside the time.
    const auto ended = service::moment::now().to_wall(run.ended);
    log(level, "check_result",
        fmt::format("check {} of service {} {}", run.check, run.service, run.text),
        {{"service", run.service},
         {"check", run.check},
         {"ended", text::to_rfc3339(ended, text::microseconds)},
         {"settled", run.settled ? std::string(health::to_string(*run.settled)) : "unknown"}});
}

void reporter::drain_expired(const std::string& service) {
    log(log_level::info, "undrain", fmt::format("the drain of service {} has ended", service));
}

void reporter::commanded(const control::caller& who, log_level level, std::string_view text,
                         control::event_view command) {
    log(level, "command", text,
        {{"command", command.to},
         {"uid", who.uid ? std::to_string(*who.uid) : ""},
         {"by", who.by}});
    command.uid = who.uid;
    command.by = who.by;
    events_.commanded(std::move(command));
}

void reporter::reader_dropped() {
    log(log_level::warning, "events", "a reader of events did not keep up, and was dropped",
        {{"count", std::to_string(++readers_dropped_)}});
}

void reporter::forget_all_but(const config::configuration& configured) {
    events_.forget_all_but(configured);
    std::erase_if(last_failures_, [&](const auto& failure) {
        return std::ranges::find(configured.neighbors, failure.first,
                                 &peering::neighbor_settings::name) == configured.neighbors.end();
    });
}

void reporter::stopping(const std::string& why, bool restart) {
    stopping_ = true;
    log(log_level::info, "stopping", why);
    events_.stopping(why, restart);
}

void reporter::state_changed(const peering::neighbor& which, bgp::session_state before,
                             bgp::session_state now) {
    log(log_level::debug, "neighbor_state",
        fmt::format("neighbor {}: {} -> {}", which.settings().name, bgp::to_string(before),
                    bgp::to_string(now)),
        {{"neighbor", which.settings().name}});
    events_.state_changed(which, before, now);
    using bgp::session_state;
    if (!stopping_ && (before == session_state::established || now == session_state::established))
        on_session_();
    views_changed();
}

void reporter::session_up(const peering::neighbor& which, const bgp::negotiated_session& session) {
    last_failures_.erase(which.settings().name);
    log(log_level::info, "session_up",
        fmt::format("neighbor {} is Established", which.settings().name),
        {{"neighbor", which.settings().name},
         {"address", which.settings().address.to_string()},
         {"peer_as", std::to_string(session.peer_as)},
         {"hold_time", std::to_string(session.hold_time.count())}});
    views_changed();
}

void reporter::session_ended(const peering::neighbor& which, const peering::session_end& end) {
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
    events_.session_ended(which, end);
    views_changed();
}

void reporter::malformed_update(const peering::neighbor& which,
                                const bgp::malformed_update& update) {
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

void reporter::problem(const peering::neighbor& which, const std::string& text) {
    log(log_level::warning, "neighbor_problem",
        fmt::format("neighbor {}: {}", which.settings().name, text),
        {{"neighbor", which.settings().name}});
}

/// A path that was lost is worth a warning; the way to a session is not.
void reporter::bfd_changed(const peering::neighbor& which,
                           const bfd::action::state_changed& change) {
    using bfd::session_state;
    const auto level = change.now == session_state::up                    ? log_level::info
                       : change.before == session_state::up && !stopping_ ? log_level::warning
                                                                          : log_level::debug;
    const auto cause = describe(change);
    log(level, "bfd",
        fmt::format("neighbor {}: BFD {} -> {}{}{}", which.settings().name,
                    to_string(change.before), to_string(change.now), cause.empty() ? "" : ": ",
                    cause),
        {{"neighbor", which.settings().name}});
    events_.bfd_changed(which, change);
    views_changed();
}

/// Tells those that wait at the control socket, now and when neighbors have acknowledged.
void reporter::views_changed() {
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
