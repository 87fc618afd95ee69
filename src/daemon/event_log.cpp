#include "herald/daemon/event_log.hpp"

#include "herald/daemon/bfd_view.hpp"

#include <fmt/format.h>
#include <set>

namespace herald::daemon {

namespace {

using check_name = event_history::check_name;
using control::run_result;

constexpr std::size_t most_results = 60;
constexpr std::size_t most_events = 100;

/// The last so many are kept.
template <typename Sequence>
void keep_last(Sequence& all, std::size_t count) {
    if (all.size() > count)
        all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(count));
}

run_result result_of(const health::probe_result& last) {
    if (!last.could_run)
        return run_result::error;
    if (last.timed_out)
        return run_result::timeout;
    switch (last.outcome) {
    case health::verdict::pass: return run_result::pass;
    case health::verdict::degraded: return run_result::degraded;
    case health::verdict::fail: break;
    }
    return run_result::fail;
}

/// A step on the way to a session, or a check's report: a neighbor that cannot be reached and a
/// program that reports make them without end, and would leave no room for what is worth keeping.
bool is_passing(const control::event_view& event) {
    if (event.type == "command" && event.to == "report")
        return true;
    const auto up = to_string(bfd::session_state::up);
    if (event.type == "bfd")
        return event.from != up && event.to != up;
    const auto established = bgp::to_string(bgp::session_state::established);
    return event.type == "neighbor" && event.from != established && event.to != established;
}

} // namespace

check_run describe_run(const managed_service& which, const health::check& check, bool changed) {
    const auto& status = check.status();
    const auto& last = *status.last;
    return {.service = which.name(),
            .check = check.settings().name,
            .result = result_of(last),
            .duration = last.duration,
            .ended = status.last_run,
            .settled = status.settled,
            .changed = changed,
            .agrees_with_settled = !status.settled || *status.settled == last.outcome,
            .text = describe(check)};
}

service_change describe_change(const managed_service& which) {
    return {which.name(),  which.health(),     which.administration(),
            which.heard(), which.cause().text, which.verdict_settled()};
}

void event_log::resume(event_history from) {
    kept_ = std::move(from);
    resumed_ = std::chrono::system_clock::now();
    keep_last(kept_.events, most_events); // another program may have kept more
    for (auto& [name, check] : kept_.checks)
        keep_last(check.recent, most_results);
}

void event_log::started() {
    const auto now = std::chrono::system_clock::now();
    if (kept_.started == control::wall_time())
        kept_.started = now;
    kept_.measured.last_reload = now;
    tell({.type = "start"});
}

void event_log::stopping(const std::string& why, bool restart) {
    tell({.type = restart ? "restart" : "stop", .cause = why});
}

void event_log::handed_over(const std::vector<control::kept_view>& neighbors) {
    for (const auto& each : neighbors)
        tell({.type = "restart",
              .neighbor = each.neighbor,
              .to = each.kept ? "kept" : "not_kept",
              .cause = each.reason.value_or("")});
}

void event_log::not_restarted(const std::string& why) {
    tell({.type = "restart", .to = "refused", .cause = why});
}

void event_log::reloaded(const std::expected<void, std::string>& how) {
    kept_.measured.reload_success = how.has_value();
    if (how)
        kept_.measured.last_reload = std::chrono::system_clock::now();
    tell({.type = "reload",
          .to = how ? "applied" : "refused",
          .cause = how ? std::string() : how.error()});
}

void event_log::commanded(control::event_view command) {
    command.type = "command";
    tell(std::move(command));
}

void event_log::state_changed(const peering::neighbor& which, bgp::session_state before,
                              bgp::session_state now) {
    using bgp::session_state;
    const bool fell = now == session_state::idle || now == session_state::active;
    tell({.type = "neighbor",
          .neighbor = which.settings().name,
          .from = std::string(bgp::to_string(before)),
          .to = std::string(bgp::to_string(now)),
          .cause = fell && which.last_end() ? which.last_end()->describe() : ""});
}

void event_log::bfd_changed(const peering::neighbor& which,
                            const bfd::action::state_changed& change) {
    tell({.type = "bfd",
          .neighbor = which.settings().name,
          .from = std::string(to_string(change.before)),
          .to = std::string(to_string(change.now)),
          .cause = describe(change)});
}

void event_log::session_ended(const peering::neighbor& which, const peering::session_end& end) {
    if (end.received)
        tell_notification(which, "received", *end.received);
    if (end.sent)
        tell_notification(which, "sent", *end.sent);
}

void event_log::tell_notification(const peering::neighbor& which, std::string direction,
                                  const wire::notification& what) {
    const auto code = static_cast<std::uint8_t>(what.code);
    const auto& name = which.settings().name;
    ++kept_.measured.notifications[{name, direction, code, what.subcode}];
    const auto text = wire::shutdown_text(what);
    control::event_view event{
        .type = "notification",
        .neighbor = name,
        .cause = fmt::format("{}{}{}", wire::describe(what), text.empty() ? "" : ": ", text)};
    event.notification = {std::move(direction), code, what.subcode};
    tell(std::move(event));
}

void event_log::check_ran(const check_run& run) {
    const check_name name{run.service, run.check};
    auto& counts = kept_.measured.checks[name];
    ++counts.runs[run.result];
    counts.durations.observe(run.duration);
    auto& past = kept_.checks[name];
    past.recent += control::to_string(run.result).front();
    keep_last(past.recent, most_results);
    if (!run.changed)
        return;
    auto before = std::exchange(past.state, health::to_string(*run.settled));
    tell({.type = "check",
          .service = name.first,
          .check = name.second,
          .from = std::move(before),
          .to = past.state,
          .cause = run.text});
}

void event_log::service_changed(const service_change& change) {
    const event_history::service now{change.health, change.administration};
    const auto before = std::exchange(kept_.services[change.service], now);
    const bool other_health = now.health != before.health;
    const bool other_drain = now.administration != before.administration;
    if (other_health)
        ++kept_.measured.service_transitions[change.service];
    if (other_health || !other_drain)
        tell({.type = "service",
              .service = change.service,
              .from = std::string(service::to_string(before.health)),
              .to = std::string(service::to_string(now.health)),
              .cause = change.cause});
    if (other_drain)
        tell({.type = "drain",
              .service = change.service,
              .from = std::string(service::to_string(before.administration)),
              .to = std::string(service::to_string(now.administration)),
              .cause = change.cause});
}

void event_log::forget_all_but(const config::configuration& configured) {
    std::set<check_name> checks;
    std::set<std::string> services;
    std::set<std::string> neighbors;
    for (const auto& entry : configured.services) {
        services.insert(entry.service.name);
        for (const auto& check : entry.checks)
            checks.emplace(entry.service.name, check.name);
    }
    for (const auto& neighbor : configured.neighbors)
        neighbors.insert(neighbor.name);
    const auto is_gone_from = [](const auto& names) {
        return [&names](const auto& entry) { return !names.contains(entry.first); };
    };
    std::erase_if(kept_.checks, is_gone_from(checks));
    std::erase_if(kept_.measured.checks, is_gone_from(checks));
    std::erase_if(kept_.services, is_gone_from(services));
    std::erase_if(kept_.measured.service_transitions, is_gone_from(services));
    std::erase_if(kept_.measured.notifications,
                  [&](const auto& entry) { return !neighbors.contains(entry.first.neighbor); });
}

void event_log::complete(control::service_view& view) const {
    for (auto& check : view.checks)
        if (const auto past = kept_.checks.find({view.name, check.name});
            past != kept_.checks.end())
            check.recent = past->second.recent;
}

void event_log::tell(control::event_view event) {
    event.time = std::chrono::system_clock::now();
    tell_(event);
    if (is_passing(event))
        return;
    kept_.events.push_back(std::move(event));
    keep_last(kept_.events, most_events);
}

} // namespace herald::daemon
