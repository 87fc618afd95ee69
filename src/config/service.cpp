#include "herald/config/known_keys.hpp"
#include "herald/config/sections.hpp"
#include "herald/text/duration.hpp"

#include <algorithm>
#include <fmt/format.h>
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
};

void read_name(table_reader& from, across_services& across, std::string& into) {
    from.require("name");
    into = from.parsed("name", parse_name).value_or("");
    if (!into.empty() && !across.names.insert(into).second)
        from.fail("name", fmt::format("another service is named {}", into));
}

void read_prefixes(table_reader& from, across_services& across, service::service_settings& into) {
    from.require("prefixes");
    if (from.is_empty_array("prefixes"))
        from.fail("prefixes", "a service announces one prefix at least");
    for (const auto& [prefix, where] :
         from.parsed_list("prefixes", net::ip_prefix::parse, largest_document)) {
        const auto [owner, is_new] = across.owners.emplace(prefix, into.name);
        if (is_new)
            into.prefixes.push_back(prefix);
        else if (owner->second == into.name)
            from.fail_at(where, "prefixes", to_string(prefix) + " is there twice");
        else
            from.fail_at(where, "prefixes",
                         fmt::format("{} belongs to the service {}", to_string(prefix),
                                     in_quotes(owner->second)));
    }
}

void read_neighbors_of(table_reader& from, const across_services& across,
                       std::vector<std::string>& into) {
    if (from.is_empty_array("neighbors"))
        from.fail("neighbors", "names none: leave the key out to mean every neighbor");
    std::set<std::string> seen;
    for (const auto& [name, where] : from.texts("neighbors", largest_document)) {
        if (!across.neighbors.contains(name))
            from.fail_at(where, "neighbors", "no neighbor is named " + in_quotes(name));
        else if (!seen.insert(name).second)
            from.fail_at(where, "neighbors", name + " is there twice");
        else
            into.push_back(name);
    }
}

/// "all" (none), "any" (1) or a number.
std::optional<unsigned> read_require(table_reader& from, std::size_t counted_checks) {
    const auto* found = from.value("require");
    if (found == nullptr)
        return std::nullopt;
    const auto* word = std::get_if<std::string>(&found->value);
    if (word != nullptr && *word == "all")
        return std::nullopt;
    const auto* number = std::get_if<std::int64_t>(&found->value);
    const bool is_any = word != nullptr && *word == "any";
    if (number == nullptr && !is_any) {
        from.fail("require", "expected \"all\", \"any\" or how many of the checks must pass");
        return std::nullopt;
    }
    const auto needed = is_any ? 1 : *number;
    if (needed >= 1 && needed <= static_cast<std::int64_t>(counted_checks))
        return static_cast<unsigned>(needed);
    from.fail("require", fmt::format("{} must pass, but {} of the checks can take the service down",
                                     needed, counted_checks));
    return std::nullopt;
}

void read_hold_down(table_reader& from, service::service_settings& into) {
    const auto first = from.duration("hold_down", 0s, 24h);
    const auto longest = from.duration("hold_down_max", 0s, 24h);
    into.hold_down = first.value_or(into.hold_down);
    into.hold_down_max = longest.value_or(std::max(into.hold_down, into.hold_down_max));
    if (into.hold_down_max < into.hold_down)
        from.fail("hold_down_max", fmt::format("is less than the hold_down of {}",
                                               text::exact_duration(into.hold_down)));
}

void read_addresses(table_reader& from, across_services& across, service::service_settings& into) {
    for (const auto& [address, where] :
         from.parsed_list("addresses", parse_service_address, largest_document)) {
        if (std::ranges::find(into.addresses, address) != into.addresses.end())
            from.fail_at(where, "addresses", address.to_string() + " is there twice");
        else
            into.addresses.push_back(address);
    }
    into.interface = from.parsed("interface", parse_interface).value_or(into.interface);
    into.manage_addresses = from.flag("manage_addresses").value_or(false);
    if (!into.manage_addresses)
        return;
    if (!from.has("addresses") || from.is_empty_array("addresses"))
        from.fail("manage_addresses", "there are no addresses to manage");
    for (const auto& address : into.addresses) {
        const auto [other, is_new] = across.managed.emplace(address, into.interface);
        if (!is_new && other->second != into.interface)
            from.fail("interface", fmt::format("another service has {} on {}", address.to_string(),
                                               other->second));
    }
}

service_entry read_service(table_reader from, across_services& across) {
    service_entry entry;
    auto& settings = entry.service;
    read_name(from, across, settings.name);
    read_prefixes(from, across, settings);
    read_neighbors_of(from, across, settings.neighbors);
    entry.exported.communities = read_communities(from);
    entry.exported.med = from.number<std::uint32_t>("med", 0);
    settings.deprefer_when_down =
        from.choice<bool>("on_down", {{"withdraw", false}, {"deprefer", true}}).value_or(false);
    settings.drain_time = from.duration("drain_time", 0s, 24h).value_or(settings.drain_time);
    settings.drain_file = from.parsed("drain_file", parse_absolute_path).value_or("");
    read_hold_down(from, settings);
    read_addresses(from, across, settings);
    entry.checks = read_checks(from, across.check_defaults);
    const auto counted =
        std::ranges::count(entry.checks, false, &health::check_settings::degrades_only);
    settings.require = read_require(from, static_cast<std::size_t>(counted));
    return entry;
}

} // namespace

std::vector<service_entry> read_services(table_reader& root,
                                         const std::vector<neighbor_draft>& neighbors) {
    across_services across;
    across.check_defaults = read_defaults(root, "check");
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
