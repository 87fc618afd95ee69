#include "herald/config/fleet.hpp"
#include "herald/config/known_keys.hpp"
#include "herald/config/rows.hpp"
#include "herald/config/sections.hpp"
#include "herald/text/duration.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <set>

namespace herald::config {
namespace {

using namespace std::chrono_literals;

/// What services must not share, and what they may name.
struct across_services {
    std::set<std::string, std::less<>> neighbors;
    std::set<std::string> names;
    std::map<net::ip_prefix, std::string> owners;            // of prefixes
    std::map<boost::asio::ip::address, std::string> managed; // addresses, and their interfaces
    named_table check_defaults;
    bool in_fleet = false;
};

void read_prefixes(table_reader& from, std::string_view key, std::vector<net::ip_prefix>& into) {
    if (from.is_empty_array(key))
        from.fail(key, "a service announces one prefix at least");
    as_list(net::ip_prefix::parse, largest_document)(from, key, into);
}

void read_names(table_reader& from, std::string_view key, std::vector<std::string>& into) {
    if (from.is_empty_array(key))
        from.fail(key, "names none: leave the key out to mean every neighbor");
    for (auto& [name, where] : from.texts(key, largest_document))
        into.push_back(std::move(name));
}

/// "any" (1) or a number; none: "all", or neither.
std::optional<std::int64_t> needed_passes(const table_reader& from, std::string_view key) {
    const auto* found = from.value(key);
    const auto* word = found != nullptr ? std::get_if<std::string>(&found->value) : nullptr;
    const auto* number = found != nullptr ? std::get_if<std::int64_t>(&found->value) : nullptr;
    if (number != nullptr)
        return *number;
    return word != nullptr && *word == "any" ? std::optional<std::int64_t>(1) : std::nullopt;
}

void read_require(table_reader& from, std::string_view key, std::optional<unsigned>& into) {
    const auto* found = from.value(key);
    const auto* word = found != nullptr ? std::get_if<std::string>(&found->value) : nullptr;
    if (const auto needed = needed_passes(from, key))
        into = static_cast<unsigned>(
            std::clamp<std::int64_t>(*needed, 0, std::numeric_limits<unsigned>::max()));
    else if (found != nullptr && (word == nullptr || *word != "all"))
        from.fail(key, "expected \"all\", \"any\" or how many of the checks must pass");
}

void check_name(table_reader& from, across_services& across, const std::string& name) {
    if (!name.empty() && !across.names.insert(name).second)
        from.fail("name", fmt::format("another service is named {}", name));
}

/// The elements are read once more, for their places.
void check_prefixes(table_reader& from, across_services& across, const std::string& service) {
    std::set<net::ip_prefix> seen;
    for (const auto& [prefix, where] :
         from.parsed_list("prefixes", net::ip_prefix::parse, largest_document)) {
        const auto [owner, is_new] = across.owners.emplace(prefix, service);
        if (is_new)
            continue;
        if (owner->second == service)
            from.fail_at(where, "prefixes", to_string(prefix) + " is there twice");
        else
            from.fail_at(where, "prefixes",
                         fmt::format("{} belongs to the service {}", to_string(prefix),
                                     in_quotes(owner->second)));
    }
}

void check_neighbors(table_reader& from, const across_services& across) {
    std::set<std::string> seen;
    for (const auto& [name, where] : from.texts("neighbors", largest_document)) {
        if (!across.neighbors.contains(name))
            from.fail_at(where, "neighbors", "no neighbor is named " + in_quotes(name));
        else if (!seen.insert(name).second)
            from.fail_at(where, "neighbors", name + " is there twice");
    }
}

void check_require(table_reader& from, const std::vector<health::check_settings>& checks) {
    const auto counted = std::ranges::count(checks, false, &health::check_settings::degrades_only);
    const auto needed = needed_passes(from, "require");
    if (needed && (*needed < 1 || *needed > counted))
        from.fail("require",
                  fmt::format("{} must pass, but {} of the checks can take the service down",
                              *needed, counted));
}

/// The built-in longest one follows a longer first one; one that somebody wrote does not.
void join_hold_downs(table_reader& from, service::service_settings& into) {
    if (!from.has("hold_down_max"))
        into.hold_down_max = std::max(into.hold_down, into.hold_down_max);
    if (into.hold_down_max < into.hold_down)
        from.fail("hold_down_max", fmt::format("is less than the hold_down of {}",
                                               text::exact_duration(into.hold_down)));
}

void check_addresses(table_reader& from, across_services& across,
                     const service::service_settings& settings) {
    if (!settings.manage_addresses)
        return;
    if (!from.has("addresses") || from.is_empty_array("addresses"))
        from.fail("manage_addresses", "there are no addresses to manage");
    for (const auto& address : settings.addresses) {
        const auto [other, is_new] = across.managed.emplace(address, settings.interface);
        if (!is_new && other->second != settings.interface)
            from.fail("interface", fmt::format("another service has {} on {}", address.to_string(),
                                               other->second));
    }
}

service_entry read_service(table_reader from, across_services& across) {
    service_entry entry;
    auto& settings = entry.service;
    read_rows(service_rows(), from, entry);
    check_name(from, across, settings.name);
    check_prefixes(from, across, settings.name);
    check_neighbors(from, across);
    check_communities(from, entry.exported.communities);
    join_hold_downs(from, settings);
    check_addresses(from, across, settings);
    entry.checks = read_checks(from, across.check_defaults);
    check_require(from, entry.checks);
    check_guard(from, entry.guard, across.in_fleet);
    return entry;
}

key_rows<service_entry> own_rows() {
    using entry = service_entry;
    using row = key_row<entry>;
    using settings = service::service_settings;
    using exported = bgp::service_export;
    using lists = bgp::community_lists;
    const auto of_service = [](auto member) { return at(&entry::service, member); };
    const auto communities = [](auto member) {
        return at(&entry::exported, &exported::communities, member);
    };
    return {
        row("name", of_service(&settings::name), as_parsed(parse_name)).required(),
        row("prefixes", of_service(&settings::prefixes), read_prefixes).required(),
        row("neighbors", of_service(&settings::neighbors), read_names),
        row("communities", communities(&lists::standard), as_communities()),
        row("large_communities", communities(&lists::large), as_large_communities()),
        row("extended_communities", communities(&lists::extended), as_extended_communities()),
        row("med", at(&entry::exported, &exported::med), as_number<std::uint32_t>(0)),
        row("require", of_service(&settings::require), read_require).defaults_to("\"all\""),
        row("on_down", of_service(&settings::deprefer_when_down),
            as_choice<bool>({{"withdraw", false}, {"deprefer", true}}))
            .defaults_to("\"withdraw\""),
        row("drain_time", of_service(&settings::drain_time), as_duration(0s, 24h))
            .defaults_to("\"10s\""),
        row("drain_file", of_service(&settings::drain_file), as_parsed(parse_absolute_path)),
        row("hold_down", of_service(&settings::hold_down), as_duration(0s, 24h))
            .defaults_to("\"10s\""),
        row("hold_down_max", of_service(&settings::hold_down_max), as_duration(0s, 24h))
            .defaults_to("\"5m\""),
        row("addresses", of_service(&settings::addresses),
            as_set(parse_service_address, largest_document)),
        row("manage_addresses", of_service(&settings::manage_addresses), as_flag())
            .defaults_to("false"),
        row("interface", of_service(&settings::interface), as_parsed(parse_interface))
            .defaults_to("\"lo\""),
    };
}

} // namespace

const key_rows<service_entry>& service_rows() {
    static const auto rows = [] {
        auto all = own_rows();
        std::ranges::move(guard_rows(), std::back_inserter(all));
        return all;
    }();
    return rows;
}

std::vector<service_entry> read_services(table_reader& root,
                                         const std::vector<neighbor_draft>& neighbors) {
    across_services across;
    across.check_defaults = read_defaults(root, "check");
    across.in_fleet = root.has("fleet");
    for (const auto& neighbor : neighbors)
        across.neighbors.insert(neighbor.settings.name);
    std::vector<service_entry> all;
    for (const auto& entry : root.subtables("service")) {
        check_keys(*entry.entries, find_known_table("service"), root.problems());
        all.push_back(read_service({entry, root.problems()}, across));
    }
    return all;
}

} // namespace herald::config
