#include "herald/daemon/views.hpp"

#include "herald/daemon/announcer.hpp"
#include "herald/daemon/bfd_view.hpp"

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <fmt/format.h>
#include <map>

namespace herald::daemon {
namespace {

constexpr std::array message_names{std::string_view("open"), std::string_view("update"),
                                   std::string_view("notification"), std::string_view("keepalive"),
                                   std::string_view("route_refresh")};

/// A point of the monotonic clock as wall-clock time.
control::wall_time wall(std::chrono::steady_clock::time_point when) {
    auto distance = when - std::chrono::steady_clock::now();
    return std::chrono::system_clock::now() +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(distance);
}

control::session_error view_of(const peering::session_end& end) {
    control::session_error view;
    view.at = end.at;
    view.text = end.describe();
    view.direction = end.received ? "received" : end.sent ? "sent" : "local";
    if (const auto& notification = end.received ? end.received : end.sent) {
        view.code = static_cast<std::uint8_t>(notification->code);
        view.subcode = notification->subcode;
    }
    return view;
}

void add_session(control::neighbor_view& view, const peering::neighbor& neighbor) {
    const auto& session = *neighbor.session();
    const auto& connection = *neighbor.current();
    view.local_address = connection.local_address().to_string();
    view.direction = connection.opened_by() == bgp::direction::dialled ? "dialled" : "accepted";
    view.peer_identifier = boost::asio::ip::address_v4(session.peer_identifier).to_string();
    view.hold_time = session.hold_time;
    view.keepalive_interval = session.keepalive;
    for (auto family : net::all_families)
        if (session.families.contains(family)) {
            std::string name(net::to_string(family));
            view.families.push_back(name);
            view.advertised[name] = neighbor.rib().advertised_count(family);
        }
    for (const auto& [family, next_hop] : neighbor.next_hops())
        view.next_hops[std::string(net::to_string(family))] = next_hop.global.to_string();
}

control::check_view view_of(const std::string& service, const health::check& check) {
    const auto& settings = check.settings();
    const auto& status = check.status();
    control::check_view view;
    view.service = service;
    view.name = settings.name;
    view.type = health::type_name(settings.probe);
    view.state = status.settled ? health::to_string(*status.settled) : "unknown";
    view.on_fail = settings.degrades_only ? "degrade" : "down";
    view.runs = status.runs;
    if (status.settled)
        view.since = wall(status.last_change);
    if (const auto& last = status.last) {
        view.last_result = health::to_string(last->outcome);
        view.could_run = last->could_run;
        view.timed_out = last->timed_out;
        view.output = last->output;
        view.last_run = wall(status.last_run);
        view.duration = last->duration;
    }
    return view;
}

std::string require_text(const service::service_settings& settings) {
    if (!settings.require)
        return "all";
    return *settings.require == 1 ? "any" : std::to_string(*settings.require);
}

void add_neighbors(control::service_view& view, const managed_service& service,
                   const peering::speaker& speaker) {
    for (const auto& neighbor : speaker.neighbors()) {
        const auto& settings = service.settings().service;
        if (!hears(neighbor->settings(), settings))
            continue;
        view.neighbors.push_back(neighbor->settings().name);
        if (std::ranges::any_of(settings.prefixes, [&](const auto& prefix) {
                return neighbor->rib().advertised(prefix) != nullptr;
            }))
            view.announced_to.push_back(neighbor->settings().name);
        view.acknowledged = view.acknowledged && neighbor->acknowledged();
    }
}

template <class Values>
std::vector<std::string> texts(const Values& values) {
    std::vector<std::string> all;
    all.reserve(values.size());
    for (const auto& value : values)
        all.push_back(net::to_string(value));
    return all;
}

} // namespace

control::neighbor_view view_of(const peering::neighbor& neighbor, const peering::speaker& speaker) {
    const auto& settings = neighbor.settings();
    control::neighbor_view view;
    view.name = settings.name;
    view.description = settings.description;
    if (!settings.interface.empty())
        view.interface = settings.interface;
    if (peering::is_found(settings))
        view.address = settings.address.to_string();
    view.port = settings.port;
    view.remote_as =
        neighbor.session() != nullptr ? neighbor.session()->peer_as : settings.session.remote_as;
    view.local_as = settings.session.local_as;
    view.passive = settings.passive;
    view.shutdown = neighbor.administratively_down();
    view.state = bgp::to_string(neighbor.state());
    view.since = neighbor.since();
    if (neighbor.session() != nullptr)
        add_session(view, neighbor);
    view.acknowledged = neighbor.acknowledged();
    for (std::size_t i = 0; i < message_names.size(); ++i)
        view.messages.push_back({std::string(message_names[i]), neighbor.messages().sent[i + 1],
                                 neighbor.messages().received[i + 1]});
    view.transitions = neighbor.transitions();
    view.malformed_updates = neighbor.malformed_updates();
    if (neighbor.last_end())
        view.last_error = view_of(*neighbor.last_end());
    if (neighbor.last_failure())
        view.last_failure = view_of(*neighbor.last_failure());
    if (const auto why = neighbor.why_down(); !why.empty())
        view.why_down = why;
    view.bfd = bfd_view_of(neighbor, speaker);
    view.problems = speaker.problems_of(neighbor);
    if (auto trouble = bfd_trouble(neighbor, speaker))
        view.problems.push_back(*std::move(trouble));
    return view;
}

control::service_view view_of(const managed_service& service, const peering::speaker& speaker) {
    const auto& settings = service.settings().service;
    control::service_view view;
    view.name = settings.name;
    view.health = service::to_string(service.health());
    view.administration = service::to_string(service.administration());
    view.heard = net::to_string(service.heard());
    view.since = service.since();
    auto cause = service.cause();
    view.cause = std::move(cause.text);
    view.reason = std::move(cause.reason);
    view.require = require_text(settings);
    view.on_down = settings.deprefer_when_down ? "deprefer" : "withdraw";
    view.prefixes = texts(settings.prefixes);
    add_neighbors(view, service, speaker);
    for (const auto& [source, drain] : service.current_drains())
        view.drains.push_back({source == service::drain_source::by_file ? "file" : "operator",
                               drain.by, drain.reason, drain.since, drain.until, drain.immediate});
    if (const auto hold = service.holding())
        view.hold_down = control::hold_down_view{wall(hold->until()),
                                                 hold->flaps(std::chrono::steady_clock::now()),
                                                 service.held_down()};
    for (const auto& address : settings.addresses)
        view.addresses.push_back(address.to_string());
    for (const auto& address : service.missing_addresses())
        view.missing_addresses.push_back(address.to_string());
    for (const auto& check : service.checks())
        view.checks.push_back(view_of(settings.name, *check));
    return view;
}

control::route_view view_of(const bgp::advertised_route& route) {
    const auto& attributes = *route.attributes;
    control::route_view view;
    view.prefix = net::to_string(route.prefix);
    view.family = net::to_string(route.prefix.family());
    if (attributes.next_hop)
        view.next_hop = attributes.next_hop->global.to_string();
    for (const auto& segment : attributes.path.value_or(wire::as_path{}))
        view.as_path.insert(view.as_path.end(), segment.numbers.begin(), segment.numbers.end());
    view.med = attributes.med;
    view.local_pref = attributes.local_pref;
    view.communities = texts(attributes.communities);
    view.large_communities = texts(attributes.large_communities);
    view.extended_communities = texts(attributes.extended_communities);
    view.only_to_customer = attributes.only_to_customer;
    return view;
}

std::vector<control::route_view>
routes_of(const peering::neighbor& neighbor,
          const std::vector<std::unique_ptr<managed_service>>& services,
          const std::optional<net::ip_prefix>& last, std::size_t most) {
    std::map<net::ip_prefix, std::string_view> owners;
    for (const auto& service : services)
        for (const auto& prefix : service->settings().service.prefixes)
            owners.emplace(prefix, service->name());
    const auto routes = neighbor.rib().advertised();
    auto at = last ? std::ranges::upper_bound(routes, *last, {}, &bgp::advertised_route::prefix)
                   : routes.begin();
    std::vector<control::route_view> views;
    for (; at != routes.end() && views.size() < most; ++at) {
        auto view = view_of(*at);
        view.neighbor = neighbor.settings().name;
        if (const auto owner = owners.find(at->prefix); owner != owners.end())
            view.service = owner->second;
        views.push_back(std::move(view));
    }
    return views;
}

std::vector<std::string> problems_of(const std::vector<control::neighbor_view>& neighbors,
                                     const std::vector<control::service_view>& services) {
    std::vector<std::string> lines;
    for (const auto& neighbor : neighbors) {
        if (neighbor.state != "Established" && !neighbor.shutdown)
            lines.push_back(fmt::format("neighbor {} is {}{}{}", neighbor.name, neighbor.state,
                                        neighbor.why_down ? ": " : "",
                                        neighbor.why_down.value_or("")));
        for (const auto& problem : neighbor.problems)
            lines.push_back(fmt::format("neighbor {}: {}", neighbor.name, problem));
    }
    for (const auto& service : services) {
        if (service.health == "down" || service.health == "degraded")
            lines.push_back(
                fmt::format("service {} is {}: {}", service.name, service.health, service.cause));
        for (const auto& address : service.missing_addresses)
            lines.push_back(
                fmt::format("service {} is not announced: address {} is on no interface",
                            service.name, address));
        for (const auto& check : service.checks)
            if (!check.could_run)
                lines.push_back(fmt::format("check {} of service {} could not run: {}", check.name,
                                            service.name, check.output));
    }
    return lines;
}

} // namespace herald::daemon
