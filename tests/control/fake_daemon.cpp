#include "fake_daemon.hpp"

#include "herald/control/response.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace herald::control::test {

using namespace std::chrono_literals;

namespace {

bfd_view well(wall_time since) {
    bfd_view session;
    session.state = "Up";
    session.since = since;
    session.diagnostic = "No Diagnostic";
    session.remote_state = "Up";
    session.remote_diagnostic = "No Diagnostic";
    session.discriminator = 7;
    session.remote_discriminator = 4294967295;
    session.multihop = true;
    session.tx_interval = seconds{0.5};
    session.rx_interval = seconds{1};
    session.detection_time = seconds{3};
    session.transitions = 1;
    session.sent = 900;
    session.received = 898;
    session.dropped = 2;
    session.dropped_for = {{"hop limit", 2}};
    return session;
}

neighbor_view established(wall_time now) {
    neighbor_view neighbor;
    neighbor.name = "leaf1";
    neighbor.description = "rack 1";
    neighbor.address = "198.51.100.1";
    neighbor.port = 179;
    neighbor.remote_as = 64500;
    neighbor.local_as = 65010;
    neighbor.state = "Established";
    neighbor.since = now - 76h - 30min;
    neighbor.local_address = "198.51.100.2";
    neighbor.direction = "dialled";
    neighbor.peer_identifier = "192.0.2.1";
    neighbor.hold_time = seconds{30};
    neighbor.keepalive_interval = seconds{10};
    neighbor.families = {"ipv4", "ipv6"};
    neighbor.next_hops = {{"ipv4", "198.51.100.2"}, {"ipv6", "2001:db8::2"}};
    neighbor.advertised = {{"ipv4", 1}, {"ipv6", 1}};
    neighbor.messages = {{"open", 1, 1}, {"update", 4, 2}};
    neighbor.transitions = 3;
    neighbor.bfd = well(neighbor.since);
    return neighbor;
}

neighbor_view idle(wall_time now) {
    neighbor_view neighbor;
    neighbor.name = "leaf2";
    neighbor.interface = "eth1";
    neighbor.address = "2001:db8:0:1::1";
    neighbor.port = 1179;
    neighbor.remote_as = 4200000001;
    neighbor.local_as = 65010;
    neighbor.passive = true;
    neighbor.state = "Idle";
    neighbor.since = now - 12min - 5s;
    neighbor.transitions = 9;
    neighbor.malformed_updates = 1;
    neighbor.last_error = session_error{.at = now - 12min - 5s,
                                        .direction = "received",
                                        .code = 6,
                                        .subcode = 2,
                                        .text = "Cease / Administrative Shutdown: upgrading"};
    neighbor.last_failure =
        session_error{.at = now - 12min - 5s, .direction = "local", .text = "Connection refused"};
    neighbor.why_down =
        "Cease / Administrative Shutdown: upgrading; since then: Connection refused";
    neighbor.problems = {"ipv6 is not announced: no IPv6 address on eth0"};
    return neighbor;
}

service_view healthy(wall_time now) {
    service_view service;
    service.name = "dns";
    service.health = "up";
    service.administration = "active";
    service.heard = "normal";
    service.since = now - 2h - 7min;
    service.prefixes = {"192.0.2.0/24", "2001:db8:53::/48"};
    service.neighbors = {"leaf1", "leaf2"};
    service.announced_to = {"leaf1"};
    service.require = "all";
    service.on_down = "withdraw";
    check_view check;
    check.service = "dns";
    check.name = "resolve";
    check.type = "exec";
    check.state = "pass";
    check.on_fail = "down";
    check.last_result = "pass";
    check.output = "OK";
    check.last_run = now - 3s;
    check.duration = seconds{0.0125};
    check.runs = 1000;
    check.since = now - 2h - 7min;
    check.recent = "ppp";
    service.checks = {check};
    service.reason = "checks_passed";
    return service;
}

std::vector<check_view> failed_checks(wall_time now) {
    check_view port;
    port.service = "web";
    port.name = "port";
    port.type = "tcp";
    port.state = "fail";
    port.on_fail = "degrade";
    port.last_result = "fail";
    port.could_run = false;
    port.timed_out = true;
    port.output = "connection refused";
    port.last_run = now - 1s;
    port.duration = seconds{2};
    port.runs = 7;
    port.since = now - 42s;
    port.recent = "pftte";
    check_view page;
    page.service = "web";
    page.name = "page";
    page.type = "exec";
    page.state = "unknown";
    page.on_fail = "down";
    return {port, page};
}

service_view failed(wall_time now) {
    service_view service;
    service.name = "web";
    service.health = "down";
    service.administration = "draining";
    service.heard = "none";
    service.since = now - 42s;
    service.prefixes = {"198.51.100.128/25"};
    service.neighbors = {"leaf1"};
    service.acknowledged = false;
    service.require = "1";
    service.on_down = "deprefer";
    service.drains = {{.source = "operator",
                       .by = "alice",
                       .reason = "new disk",
                       .since = now - 50s,
                       .until = now + 10min,
                       .immediate = true}};
    service.hold_down = hold_down_view{.until = now + 20s, .flaps = 2};
    service.addresses = {"198.51.100.200", "198.51.100.201"};
    service.missing_addresses = {"198.51.100.201"};
    service.checks = failed_checks(now);
    service.cause = "check port failed: connection refused";
    service.reason = "check_failed";
    return service;
}

} // namespace

status_view sample(wall_time now) {
    return {.version = "0.1.0",
            .local_as = 65010,
            .router_id = "192.0.2.10",
            .started = now - 76h - 31min,
            .config_file = "/etc/herald/herald.toml",
            .neighbors = {established(now), idle(now)},
            .services = {healthy(now), failed(now)},
            .problems = {"neighbor leaf2 is Idle", "service web is down"}};
}

std::vector<route_view> sample_routes() {
    return {{.neighbor = "leaf1",
             .service = "dns",
             .prefix = "192.0.2.0/24",
             .family = "ipv4",
             .next_hop = "198.51.100.2",
             .as_path = {65010, 65010},
             .med = 50,
             .local_pref = {},
             .communities = {"64500:100", "no-export"},
             .large_communities = {"65010:1:2"},
             .extended_communities = {"rt:65010:100"},
             .only_to_customer = 65010},
            {.neighbor = "leaf1",
             .service = "dns",
             .prefix = "2001:db8:53::/48",
             .family = "ipv6",
             .next_hop = "2001:db8::2",
             .as_path = {65010},
             .med = {},
             .local_pref = {},
             .communities = {},
             .large_communities = {},
             .extended_communities = {},
             .only_to_customer = {}}};
}

wall_time fixed_now() {
    return std::chrono::sys_days{std::chrono::year{2025} / 1 / 31} + 12h + 250ms;
}

namespace {

template <typename View>
std::vector<std::string> names_of(const std::vector<View>& views) {
    std::vector<std::string> names;
    for (const auto& view : views)
        names.push_back(view.name);
    return names;
}

template <typename View>
std::optional<View> find_by_name(const std::vector<View>& views, const std::string& name) {
    const auto found = std::ranges::find(views, name, &View::name);
    return found == views.end() ? std::nullopt : std::optional(*found);
}

} // namespace

std::vector<std::string> fake_daemon::neighbor_names() const {
    return names_of(shown.neighbors);
}

std::vector<std::string> fake_daemon::service_names() const {
    return names_of(shown.services);
}

std::vector<check_name> fake_daemon::check_names() const {
    std::vector<check_name> names;
    for (const auto& service : shown.services)
        for (const auto& one : service.checks)
            names.push_back({service.name, one.name});
    return names;
}

std::optional<neighbor_view> fake_daemon::neighbor(const std::string& name) const {
    ++looks;
    return find_by_name(shown.neighbors, name);
}

std::optional<service_view> fake_daemon::service(const std::string& name) const {
    ++looks;
    return find_by_name(shown.services, name);
}

std::optional<check_view> fake_daemon::check(const check_name& which) const {
    const auto found = find_by_name(shown.services, which.service);
    return found ? find_by_name(found->checks, which.name) : std::nullopt;
}

/// Prefixes are in the order of `announced`.
std::expected<std::vector<route_view>, refusal>
fake_daemon::routes(const std::string& neighbor, const std::string& after, std::size_t most) const {
    std::vector<route_view> routes;
    bool begun = after.empty();
    for (const auto& route : announced) {
        if (route.neighbor != neighbor)
            continue;
        if (begun && routes.size() < most)
            routes.push_back(route);
        begun = begun || route.prefix == after;
    }
    if (!begun)
        return std::unexpected(refusal{refusal::kind::invalid, "invalid_request", after});
    return routes;
}

std::shared_ptr<void> fake_daemon::drain(const caller& who, drain_request request, done reply) {
    callers.push_back(who);
    drains.push_back(request);
    auto result = find(request.services);
    if (result)
        set_administration(request.services, request.now ? "drained" : "draining");
    give(std::move(reply), std::move(result));
    if (!queues)
        return nullptr;
    ++places;
    const std::shared_ptr<void> place(this, [](fake_daemon* of) { --of->places; });
    kept = begins ? place : nullptr;
    return place;
}

void fake_daemon::change_fleet(const caller& who, fleet_request request, done reply) {
    callers.push_back(who);
    fleet_requests.push_back(request);
    give(std::move(reply), {});
}

void fake_daemon::undrain(const caller& who, undrain_request request, done reply) {
    callers.push_back(who);
    undrains.push_back(request);
    auto result = find(request.services);
    if (result)
        set_administration(request.services, "active");
    give(std::move(reply), std::move(result));
}

std::expected<explain_view, refusal> fake_daemon::explain(const std::string& prefix) const {
    if (prefix != announced.front().prefix)
        return std::unexpected(refusal{refusal::kind::not_found, "unknown_prefix",
                                       fmt::format("no service has the prefix {}", prefix)});
    explain_view view;
    view.prefix = prefix;
    view.service = shown.services.front();
    view.neighbors = {
        {"leaf1", "Established", true, true, "announced by the neighbor's own settings",
         "announced", announced.front()},
        {"leaf2", "Active", false, true, "the session is Active: refused", "session_down", {}}};
    return view;
}

void fake_daemon::change_neighbor(const caller& who, neighbor_request request, done reply) {
    callers.push_back(who);
    neighbor_requests.push_back(request);
    if (std::ranges::find(shown.neighbors, request.neighbor, &neighbor_view::name) ==
        shown.neighbors.end())
        return give(std::move(reply), std::unexpected(no_neighbor(request.neighbor)));
    give(std::move(reply), {});
}

void fake_daemon::reload(const caller& who, reload_request request, reply_to<reload_view> reply) {
    callers.push_back(who);
    reloads.push_back(request);
    reply(reloaded);
}

std::expected<void, refusal> fake_daemon::set_log_level(const caller& who,
                                                        const log_request& request) {
    callers.push_back(who);
    levels.push_back(request.level);
    if (request.level == "loud")
        return std::unexpected(
            refusal{refusal::kind::invalid, "invalid_request", "\"loud\" is no level"});
    return {};
}

void fake_daemon::restart(const caller& who, restart_request request,
                          reply_to<restart_view> reply) {
    callers.push_back(who);
    ++restarts;
    shown.restarted = shown.restarted.value_or(shown.started) + 1s;
    const std::optional<std::string> why =
        request.reset ? std::optional("a reset was asked for") : std::nullopt;
    give(std::move(reply),
         restart_view{{{"leaf1", !request.reset, why}, {"leaf2", false, "there is no session"}}});
}

/// Checks are run, but for "page".
std::expected<void, refusal> fake_daemon::report(const caller& who, const report_request& request) {
    callers.push_back(who);
    reports.push_back(request);
    if (auto result = find({request.service}); !result)
        return result;
    if (request.check != "page")
        return std::unexpected(
            refusal{refusal::kind::conflict, "check_is_run", "the check is run"});
    for (auto& service : shown.services)
        for (auto& one : service.checks)
            if (service.name == request.service && one.name == request.check)
                one.state = request.result;
    return {};
}

void fake_daemon::set_administration(const std::vector<std::string>& services,
                                     std::string_view to) {
    for (auto& service : shown.services) {
        if (services.empty() || std::ranges::find(services, service.name) != services.end())
            service.administration = to;
    }
}

/// "full" and "odd" are refused in the other two ways there are.
std::expected<void, refusal> fake_daemon::find(const std::vector<std::string>& services) const {
    for (const auto& name : services) {
        if (name == "full")
            return std::unexpected(
                refusal{refusal::kind::failed, "not_stored", "no space left on device"});
        if (name == "odd")
            return std::unexpected(
                refusal{refusal::kind::invalid, "invalid_request", "odd cannot be drained"});
        if (std::ranges::find(shown.services, name, &service_view::name) == shown.services.end())
            return std::unexpected(no_service(name));
    }
    return {};
}

void fake_daemon::give(done reply, std::expected<void, refusal> result) {
    if (answer_later)
        replies.push_back([reply = std::move(reply), result](auto) { reply(result); });
    else
        reply(std::move(result));
}

void fake_daemon::give(reply_to<restart_view> reply, restart_view result) {
    if (answer_later)
        replies.push_back([reply = std::move(reply), result](auto) { reply(result); });
    else
        reply(std::move(result));
}

} // namespace herald::control::test
