#include "herald/control/views.hpp"

#include "herald/text/time.hpp"

#include <boost/json/value_from.hpp>
#include <cmath>

namespace herald::control {

namespace {

namespace json = boost::json;

json::value to_json(wall_time time) {
    return json::value(text::to_rfc3339(time, text::milliseconds));
}

json::value to_json(seconds duration) {
    // Whole seconds as 30, not 30.0.
    const auto count = duration.count();
    if (count == std::trunc(count) && std::abs(count) < 1e15)
        return static_cast<std::int64_t>(count);
    return count;
}

json::value to_json(const std::string& text) {
    return json::value(text);
}
json::value to_json(std::uint32_t number) {
    return number;
}

json::object to_json(const session_error& error) {
    return {
        {"at", to_json(error.at)},  {"direction", error.direction}, {"code", error.code},
        {"subcode", error.subcode}, {"text", error.text},
    };
}

json::object to_json(const message_count& count) {
    return {{"type", count.type}, {"sent", count.sent}, {"received", count.received}};
}

json::object to_json(const drain_view& drain);
json::object to_json(const bfd_view& bfd);
json::object to_json(const hold_down_view& hold);
json::object to_json(const guard_view& guard);
json::object to_json(const permit_view& permit);

template <typename T>
json::value or_null(const std::optional<T>& value) {
    return value ? json::value(to_json(*value)) : json::value(nullptr);
}

json::object to_json(const guard_view& guard) {
    return {
        {"keep", guard.keep},
        {"keep_per", guard.keep_per},
        {"on_store_loss", guard.on_store_loss},
        {"permitted", guard.permitted},
        {"refused", or_null(guard.refused)},
    };
}

json::object to_json(const permit_view& permit) {
    return {
        {"reason", permit.reason},
        {"by", permit.by},
        {"note", permit.note},
        {"since", to_json(permit.since)},
    };
}

json::object to_json(const fleet_node_view& node) {
    return {
        {"node", node.node},
        {"site", node.site},
        {"health", node.health},
        {"heard", node.heard},
        {"neighbors", node.neighbors},
        {"since", to_json(node.since)},
        {"permit", or_null(node.permit)},
        {"cause", node.cause},
        {"reason", node.reason},
        {"waits", node.waits},
        {"stale", node.stale},
    };
}

json::object to_json(const fleet_service_view& service) {
    json::array nodes;
    for (const auto& node : service.nodes)
        nodes.emplace_back(to_json(node));
    return {{"service", service.service}, {"nodes", std::move(nodes)}};
}

json::object to_json(const drain_view& drain) {
    return {
        {"source", drain.source},        {"by", drain.by},
        {"reason", drain.reason},        {"since", to_json(drain.since)},
        {"until", or_null(drain.until)}, {"immediate", drain.immediate},
    };
}

json::object to_json(const bfd_view& bfd) {
    return {{"state", bfd.state},
            {"since", to_json(bfd.since)},
            {"diagnostic", bfd.diagnostic},
            {"remote_state", or_null(bfd.remote_state)},
            {"remote_diagnostic", or_null(bfd.remote_diagnostic)},
            {"discriminator", bfd.discriminator},
            {"remote_discriminator", or_null(bfd.remote_discriminator)},
            {"multihop", bfd.multihop},
            {"tx_interval", to_json(bfd.tx_interval)},
            {"rx_interval", to_json(bfd.rx_interval)},
            {"detection_time", or_null(bfd.detection_time)},
            {"transitions", bfd.transitions},
            {"sent", bfd.sent},
            {"received", bfd.received},
            {"dropped", bfd.dropped},
            {"dropped_for", json::value_from(bfd.dropped_for)}};
}

json::object to_json(const hold_down_view& hold) {
    return {{"until", to_json(hold.until)}, {"flaps", hold.flaps}, {"decides", hold.decides}};
}

} // namespace

json::object to_json(const neighbor_view& neighbor) {
    json::array messages;
    for (const auto& count : neighbor.messages)
        messages.emplace_back(to_json(count));
    return {
        {"name", neighbor.name},
        {"description", neighbor.description},
        {"interface", or_null(neighbor.interface)},
        {"address", or_null(neighbor.address)},
        {"port", neighbor.port},
        {"remote_as", or_null(neighbor.remote_as)},
        {"local_as", neighbor.local_as},
        {"passive", neighbor.passive},
        {"shutdown", neighbor.shutdown},
        {"state", neighbor.state},
        {"since", to_json(neighbor.since)},
        {"local_address", or_null(neighbor.local_address)},
        {"direction", or_null(neighbor.direction)},
        {"peer_identifier", or_null(neighbor.peer_identifier)},
        {"hold_time", or_null(neighbor.hold_time)},
        {"keepalive_interval", or_null(neighbor.keepalive_interval)},
        {"families", json::value_from(neighbor.families)},
        {"next_hops", json::value_from(neighbor.next_hops)},
        {"advertised", json::value_from(neighbor.advertised)},
        {"acknowledged", neighbor.acknowledged},
        {"messages", std::move(messages)},
        {"transitions", neighbor.transitions},
        {"malformed_updates", neighbor.malformed_updates},
        {"last_error", or_null(neighbor.last_error)},
        {"last_failure", or_null(neighbor.last_failure)},
        {"why_down", or_null(neighbor.why_down)},
        {"bfd", or_null(neighbor.bfd)},
        {"problems", json::value_from(neighbor.problems)},
    };
}

json::object to_json(const check_view& check) {
    return {
        {"service", check.service},
        {"name", check.name},
        {"type", check.type},
        {"state", check.state},
        {"on_fail", check.on_fail},
        {"last_result", or_null(check.last_result)},
        {"could_run", check.could_run},
        {"timed_out", check.timed_out},
        {"output", check.output},
        {"last_run", or_null(check.last_run)},
        {"duration", or_null(check.duration)},
        {"runs", check.runs},
        {"since", or_null(check.since)},
        {"recent", check.recent},
    };
}

json::object to_json(const service_view& service) {
    json::array drains;
    for (const auto& drain : service.drains)
        drains.emplace_back(to_json(drain));
    return {
        {"name", service.name},
        {"health", service.health},
        {"administration", service.administration},
        {"heard", service.heard},
        {"since", to_json(service.since)},
        {"prefixes", json::value_from(service.prefixes)},
        {"neighbors", json::value_from(service.neighbors)},
        {"announced_to", json::value_from(service.announced_to)},
        {"acknowledged", service.acknowledged},
        {"require", service.require},
        {"on_down", service.on_down},
        {"drain", drains.empty() ? json::value(nullptr) : drains.front()},
        {"drains", drains},
        {"hold_down", or_null(service.hold_down)},
        {"guard", or_null(service.guard)},
        {"addresses", json::value_from(service.addresses)},
        {"missing_addresses", json::value_from(service.missing_addresses)},
        {"checks", to_json(service.checks)},
        {"cause", service.cause},
        {"reason", service.reason},
    };
}

json::object to_json(const route_view& route) {
    return {
        {"neighbor", route.neighbor},
        {"service", route.service},
        {"prefix", route.prefix},
        {"family", route.family},
        {"next_hop", route.next_hop},
        {"as_path", json::value_from(route.as_path)},
        {"med", or_null(route.med)},
        {"local_pref", or_null(route.local_pref)},
        {"communities", json::value_from(route.communities)},
        {"large_communities", json::value_from(route.large_communities)},
        {"extended_communities", json::value_from(route.extended_communities)},
        {"only_to_customer", or_null(route.only_to_customer)},
    };
}

json::object to_json(const fleet_view& fleet) {
    json::array services;
    for (const auto& service : fleet.services)
        services.emplace_back(to_json(service));
    return {
        {"node", fleet.node},
        {"site", fleet.site},
        {"prefix", fleet.prefix},
        {"reached", fleet.reached},
        {"present", fleet.present},
        {"trouble", or_null(fleet.trouble)},
        {"services", std::move(services)},
    };
}

json::object to_json(const status_view& status) {
    return {
        {"version", status.version},
        {"local_as", status.local_as},
        {"router_id", status.router_id},
        {"started", to_json(status.started)},
        {"restarted", status.restarted ? json::value(to_json(*status.restarted)) : json::value()},
        {"config_file", status.config_file},
        {"neighbors", to_json(status.neighbors)},
        {"services", to_json(status.services)},
        {"bfd_strays", json::value_from(status.bfd_strays)},
        {"fleet", or_null(status.fleet)},
        {"problems", json::value_from(status.problems)},
    };
}

} // namespace herald::control
