#include "herald/config/difference.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace herald::config {

namespace {

using kind = change::kind;

/// The keys in which two settings differ.
class differing_keys {
public:
    template <typename Value>
    void compare(std::string_view key, const Value& now, const Value& next) {
        if (now != next)
            keys_.emplace_back(key);
    }
    void compare_lists(const std::string& prefix, const bgp::community_lists& now,
                       const bgp::community_lists& next) {
        compare(prefix + "communities", now.standard, next.standard);
        compare(prefix + "large_communities", now.large, next.large);
        compare(prefix + "extended_communities", now.extended, next.extended);
    }
    void compare_state(const std::string& table, const bgp::state_policy& now,
                       const bgp::state_policy& next) {
        compare(table + ".prepend", std::pair(now.prepend, now.extra_prepend),
                std::pair(next.prepend, next.extra_prepend));
        compare(table + ".med", now.med, next.med);
        compare(table + ".local_pref", now.local_pref, next.local_pref);
        compare_lists(table + ".", now.communities, next.communities);
        compare(table + ".withdraw", now.withdraw, next.withdraw);
    }
    void note(std::string key) { keys_.push_back(std::move(key)); }
    bool empty() const { return keys_.empty(); }
    std::vector<std::string> take() { return std::move(keys_); }

private:
    std::vector<std::string> keys_;
};

void compare_session(differing_keys& keys, const bgp::session_settings& now,
                     const bgp::session_settings& next) {
    keys.compare("remote_as", now.remote_as, next.remote_as);
    keys.compare("hold_time", now.hold_time, next.hold_time);
    keys.compare("connect_retry", now.connect_retry, next.connect_retry);
    keys.compare("families", now.families, next.families);
    keys.compare("extended_nexthop", now.extended_next_hop, next.extended_next_hop);
    keys.compare("role", now.role, next.role);
    keys.compare("graceful_restart", now.graceful_restart, next.graceful_restart);
    keys.compare("bgp.local_as", now.local_as, next.local_as);
    keys.compare("bgp.router_id", now.router_id, next.router_id);
}

void compare_policy(differing_keys& keys, const bgp::export_settings& now,
                    const bgp::export_settings& next) {
    keys.compare("prepend", now.prepend, next.prepend);
    keys.compare("med", now.med, next.med);
    keys.compare("local_pref", now.local_pref, next.local_pref);
    keys.compare_lists("", now.communities, next.communities);
    keys.compare_state("when.degraded", now.degraded, next.degraded);
    keys.compare_state("when.draining", now.draining, next.draining);
    keys.compare_state("when.down", now.down, next.down);
}

std::vector<std::string> keys_of(const peering::neighbor_settings& now,
                                 const peering::neighbor_settings& next) {
    differing_keys keys;
    keys.compare("address", now.address, next.address);
    keys.compare("description", now.description, next.description);
    keys.compare("local_address", now.local_address, next.local_address);
    keys.compare("port", now.port, next.port);
    keys.compare("passive", now.passive, next.passive);
    keys.compare("shutdown", now.shutdown, next.shutdown);
    keys.compare("password", now.password, next.password);
    keys.compare("ttl_security", now.ttl_security, next.ttl_security);
    keys.compare("multihop", now.multihop, next.multihop);
    keys.compare("next_hop", now.next_hop, next.next_hop);
    keys.compare("next_hop_ipv6", now.next_hop_ipv6, next.next_hop_ipv6);
    compare_session(keys, now.session, next.session);
    compare_policy(keys, now.policy, next.policy);
    return keys.take();
}

void compare_checks(differing_keys& keys, const std::vector<health::check_settings>& now,
                    const std::vector<health::check_settings>& next) {
    for (const auto& check : next) {
        const auto before = std::ranges::find(now, check.name, &health::check_settings::name);
        if (before == now.end())
            keys.note(fmt::format("check {} (new)", check.name));
        else if (*before != check)
            keys.note(fmt::format("check {}", check.name));
    }
    for (const auto& check : now)
        if (std::ranges::find(next, check.name, &health::check_settings::name) == next.end())
            keys.note(fmt::format("check {} (gone)", check.name));
}

std::vector<std::string> keys_of(const service_entry& now, const service_entry& next) {
    differing_keys keys;
    keys.compare("prefixes", now.service.prefixes, next.service.prefixes);
    keys.compare("neighbors", now.service.neighbors, next.service.neighbors);
    keys.compare_lists("", now.exported.communities, next.exported.communities);
    keys.compare("med", now.exported.med, next.exported.med);
    keys.compare("require", now.service.require, next.service.require);
    keys.compare("on_down", now.service.deprefer_when_down, next.service.deprefer_when_down);
    keys.compare("drain_time", now.service.drain_time, next.service.drain_time);
    keys.compare("drain_file", now.service.drain_file, next.service.drain_file);
    keys.compare("hold_down", now.service.hold_down, next.service.hold_down);
    keys.compare("hold_down_max", now.service.hold_down_max, next.service.hold_down_max);
    keys.compare("addresses", now.service.addresses, next.service.addresses);
    keys.compare("manage_addresses", now.service.manage_addresses, next.service.manage_addresses);
    keys.compare("interface", now.service.interface, next.service.interface);
    compare_checks(keys, now.checks, next.checks);
    if (keys.empty())
        keys.note("order of checks");
    return keys.take();
}

const std::string& name_of(const peering::neighbor_settings& neighbor) {
    return neighbor.name;
}

const std::string& name_of(const service_entry& service) {
    return service.service.name;
}

bool begins_anew(const peering::neighbor_settings& now, const peering::neighbor_settings& next) {
    return !session_goes_on(now, next);
}

bool begins_anew(const service_entry&, const service_entry&) {
    return false;
}

template <typename Entry>
const Entry* find(const std::vector<Entry>& entries, const std::string& name) {
    const auto found =
        std::ranges::find_if(entries, [&](const Entry& entry) { return name_of(entry) == name; });
    return found == entries.end() ? nullptr : &*found;
}

template <typename Entry>
void compare_entries(std::vector<change>& changes, const std::string& section,
                     const std::vector<Entry>& now, const std::vector<Entry>& next) {
    for (const auto& entry : next) {
        const auto* before = find(now, name_of(entry));
        if (before == nullptr)
            changes.push_back({section, name_of(entry), kind::added, {}, false, false});
        else if (*before != entry)
            changes.push_back({section, name_of(entry), kind::changed, keys_of(*before, entry),
                               begins_anew(*before, entry), false});
    }
    for (const auto& entry : now)
        if (find(next, name_of(entry)) == nullptr)
            changes.push_back(
                {section, name_of(entry), kind::removed, {}, section == "neighbor", false});
}

void add_section(std::vector<change>& changes, const std::string& section, differing_keys keys,
                 bool needs_restart) {
    if (auto differing = keys.take(); !differing.empty())
        changes.push_back({section, "", kind::changed, std::move(differing), false, needs_restart});
}

/// Where the program can be reached, and where it keeps its state, are fixed when it starts.
void compare_sections(std::vector<change>& changes, const configuration& now,
                      const configuration& next) {
    differing_keys bgp;
    bgp.compare("local_as", now.local_as, next.local_as);
    bgp.compare("router_id", now.router_id, next.router_id);
    bgp.compare("listen", now.listen.addresses, next.listen.addresses);
    bgp.compare("port", now.listen.port, next.listen.port);
    add_section(changes, "bgp", std::move(bgp), false);
    differing_keys metrics;
    metrics.compare("listen", now.metrics.listen, next.metrics.listen);
    add_section(changes, "metrics", std::move(metrics), false);
    differing_keys log;
    log.compare("level", now.log.level, next.log.level);
    add_section(changes, "log", std::move(log), false);
    differing_keys format;
    format.compare("format", now.log.format, next.log.format);
    add_section(changes, "log", std::move(format), true);
    differing_keys control;
    control.compare("socket", now.control.socket, next.control.socket);
    control.compare("mode", now.control.mode, next.control.mode);
    control.compare("group", now.control.group, next.control.group);
    add_section(changes, "control", std::move(control), true);
    differing_keys state;
    state.compare("directory", now.state.directory, next.state.directory);
    add_section(changes, "state", std::move(state), true);
}

} // namespace

std::vector<change> difference(const configuration& now, const configuration& next) {
    std::vector<change> changes;
    compare_sections(changes, now, next);
    compare_entries(changes, "neighbor", now.neighbors, next.neighbors);
    compare_entries(changes, "service", now.services, next.services);
    return changes;
}

} // namespace herald::config
