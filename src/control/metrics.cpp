#include "herald/control/metrics.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace herald::control {

namespace {

constexpr std::array session_states{"Idle",     "Connect",     "Active",
                                    "OpenSent", "OpenConfirm", "Established"};
constexpr std::array health_states{"unknown", "up", "degraded", "down"};

std::uint64_t one_if(bool condition) {
    return condition ? 1 : 0;
}

double to_unix(wall_time time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void add_states(metrics_text& out, const status_view& status) {
    out.gauge("herald_neighbor_state", "1 for the state that the session with the neighbor is in.");
    for (const auto& each : status.neighbors)
        for (const auto* state : session_states)
            out.add({{"neighbor", each.name}, {"state", state}}, one_if(each.state == state));
    out.gauge("herald_neighbor_established", "Whether the session is Established.");
    for (const auto& each : status.neighbors)
        out.add({{"neighbor", each.name}}, one_if(each.state == "Established"));
    out.gauge("herald_neighbor_shutdown", "Whether the session is administratively down.");
    for (const auto& each : status.neighbors)
        out.add({{"neighbor", each.name}}, one_if(each.shutdown));
    out.counter("herald_neighbor_transitions_total",
                "How often the session became Established or ceased to be.");
    for (const auto& each : status.neighbors)
        out.add({{"neighbor", each.name}}, each.transitions);
}

void add_messages(metrics_text& out, const status_view& status) {
    out.counter("herald_neighbor_messages_total", "BGP messages, by direction and type.");
    for (const auto& each : status.neighbors)
        for (const auto& count : each.messages) {
            out.add({{"neighbor", each.name}, {"direction", "sent"}, {"type", count.type}},
                    count.sent);
            out.add({{"neighbor", each.name}, {"direction", "received"}, {"type", count.type}},
                    count.received);
        }
    out.counter("herald_neighbor_malformed_updates_total",
                "UPDATEs with a fault that did not end the session (RFC 7606).");
    for (const auto& each : status.neighbors)
        out.add({{"neighbor", each.name}}, each.malformed_updates);
    out.gauge("herald_neighbor_advertised_prefixes", "Prefixes that the neighbor was sent.");
    for (const auto& each : status.neighbors)
        for (const auto& [family, count] : each.advertised)
            out.add({{"neighbor", each.name}, {"family", family}}, count);
}

void add_bfd(metrics_text& out, const status_view& status) {
    const auto each_session = [&](const auto& add) {
        for (const auto& each : status.neighbors)
            if (each.bfd)
                add(each.name, *each.bfd);
    };
    out.gauge("herald_bfd_up", "Whether the neighbor's BFD session is Up.");
    each_session([&](const auto& name, const bfd_view& bfd) {
        out.add({{"neighbor", name}}, one_if(bfd.state == "Up"));
    });
    out.counter("herald_bfd_transitions_total",
                "How often the BFD session became Up or ceased to be.");
    each_session([&](const auto& name, const bfd_view& bfd) {
        out.add({{"neighbor", name}}, bfd.transitions);
    });
    out.counter("herald_bfd_packets_total", "BFD control packets, by direction.");
    each_session([&](const auto& name, const bfd_view& bfd) {
        out.add({{"neighbor", name}, {"direction", "sent"}}, bfd.sent);
        out.add({{"neighbor", name}, {"direction", "received"}}, bfd.received);
    });
    out.counter("herald_bfd_dropped_total", "BFD control packets that were dropped, by reason.");
    each_session([&](const auto& name, const bfd_view& bfd) {
        for (const auto& [reason, count] : bfd.dropped_for)
            out.add({{"neighbor", name}, {"reason", reason}}, count);
    });
    for (const auto& [reason, count] : status.bfd_strays) // of whom they are nobody knows
        out.add({{"neighbor", ""}, {"reason", reason}}, count);
}

void add_notifications(metrics_text& out, const status_view& status, const measurements& measured) {
    out.counter("herald_neighbor_notifications_total", "NOTIFICATIONs, by direction and kind.");
    for (const auto& [kind, count] : measured.notifications) {
        if (std::ranges::find(status.neighbors, kind.neighbor, &neighbor_view::name) ==
            status.neighbors.end())
            continue; // it is no longer configured
        const auto code = std::to_string(kind.code);
        const auto subcode = std::to_string(kind.subcode);
        out.add({{"neighbor", kind.neighbor},
                 {"direction", kind.direction},
                 {"code", code},
                 {"subcode", subcode}},
                count);
    }
}

void add_services(metrics_text& out, const status_view& status, const measurements& measured) {
    out.gauge("herald_service_state", "1 for the health that the service is in.");
    for (const auto& each : status.services)
        for (const auto* state : health_states)
            out.add({{"service", each.name}, {"state", state}}, one_if(each.health == state));
    out.gauge("herald_service_announced", "Whether some neighbor has a prefix of the service.");
    for (const auto& each : status.services)
        out.add({{"service", each.name}}, one_if(!each.announced_to.empty()));
    out.gauge("herald_service_drained", "Whether the service is drained, or draining.");
    for (const auto& each : status.services)
        out.add({{"service", each.name}}, one_if(each.administration != "active"));
    out.counter("herald_service_transitions_total", "Changes of the service's health.");
    for (const auto& each : status.services) {
        const auto found = measured.service_transitions.find(each.name);
        out.add({{"service", each.name}},
                found == measured.service_transitions.end() ? std::uint64_t{0} : found->second);
    }
}

/// Nothing of it where there is no fleet.
void add_fleet(metrics_text& out, const status_view& status) {
    if (!status.fleet)
        return;
    out.gauge("herald_fleet_store_reached", "Whether etcd answers.");
    out.add({}, one_if(status.fleet->reached));
    out.gauge("herald_fleet_present", "Whether other nodes count on this one.");
    out.add({}, one_if(status.fleet->present));
    out.gauge("herald_fleet_held", "Whether the service is down and may not go.");
    for (const auto& each : status.services)
        out.add({{"service", each.name}}, one_if(each.heard == "held"));
    out.gauge("herald_fleet_permitted",
              "Whether the service may go now, of those that are guarded.");
    for (const auto& each : status.services)
        if (each.guard)
            out.add({{"service", each.name}}, one_if(each.guard->permitted));
}

/// Of the checks that are configured now; what was counted of others is not shown.
template <typename Take>
void for_each_run(const status_view& status, const measurements& measured, Take take) {
    for (const auto& service : status.services)
        for (const auto& check : service.checks)
            if (const auto found = measured.checks.find({check.service, check.name});
                found != measured.checks.end())
                take(check, found->second);
}

void add_checks(metrics_text& out, const status_view& status, const measurements& measured) {
    out.gauge("herald_check_up", "Whether the check's settled verdict is a pass.");
    for (const auto& service : status.services)
        for (const auto& each : service.checks)
            out.add({{"service", service.name}, {"check", each.name}},
                    one_if(each.state == "pass"));
    out.counter("herald_check_runs_total",
                "Runs of the check by result; error: it could not be run.");
    for_each_run(status, measured, [&](const check_view& check, const check_counts& counts) {
        for (const auto& [result, count] : counts.runs)
            out.add(
                {{"service", check.service}, {"check", check.name}, {"result", to_string(result)}},
                count);
    });
    out.histogram_family("herald_check_duration_seconds", "How long the check's runs took.");
    for_each_run(status, measured, [&](const check_view& check, const check_counts& counts) {
        out.add({{"service", check.service}, {"check", check.name}}, counts.durations);
    });
}

void add_reactions(metrics_text& out, const measurements& measured) {
    out.histogram_family("herald_reaction_seconds",
                         "From a check's verdict to the UPDATEs that it causes, handed to TCP.");
    out.add({}, measured.reaction);
    out.histogram_family("herald_withdraw_ack_seconds",
                         "From a service's withdrawal until every neighbor's TCP acknowledged it.");
    out.add({}, measured.withdraw_ack);
    out.histogram_family("herald_event_loop_lag_seconds", "How late the event loop's timers are.");
    out.add({}, measured.loop_lag);
}

void add_configuration(metrics_text& out, const measurements& measured) {
    out.gauge("herald_config_reload_success",
              "Whether the configuration was valid when it was last read.");
    out.add({}, one_if(measured.reload_success));
    out.gauge("herald_config_last_reload_timestamp_seconds",
              "When a valid configuration was last read.");
    out.add({}, to_unix(measured.last_reload));
}

} // namespace

std::string_view to_string(run_result value) {
    constexpr std::array<std::string_view, 5> names{"pass", "degraded", "fail", "timeout", "error"};
    return names[static_cast<std::size_t>(value)];
}

std::string to_metrics(const status_view& status, const measurements& measured) {
    metrics_text out;
    out.gauge("herald_build_info", "1, with the version of heraldd.");
    out.add({{"version", status.version}}, std::uint64_t{1});
    add_states(out, status);
    add_messages(out, status);
    add_bfd(out, status);
    add_notifications(out, status, measured);
    add_services(out, status, measured);
    add_fleet(out, status);
    add_checks(out, status, measured);
    add_reactions(out, measured);
    add_configuration(out, measured);
    add_process_metrics(out);
    return out.take();
}

} // namespace herald::control
