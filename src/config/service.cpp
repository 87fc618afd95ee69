#include "herald/config/known_keys.hpp"
#include "herald/config/sections.hpp"

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
    std::map<net::ip_prefix, std::string> owners; // of prefixes
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

void refuse_what_comes_later(table_reader& from) {
    if (from.text("drain_file"))
        from.not_implemented("drain_file");
    if (from.duration("hold_down", 0s, 24h).value_or(0s) != 0s)
        from.not_implemented("hold_down", "\"0s\"");
    if (from.duration("hold_down_max", 0s, 24h))
        from.not_implemented("hold_down_max");
    if (!from.texts("addresses", largest_document).empty())
        from.not_implemented("addresses", "empty");
    if (from.flag("manage_addresses").value_or(false))
        from.not_implemented("manage_addresses", "false");
    if (from.text("interface"))
        from.not_implemented("interface");
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
    refuse_what_comes_later(from);
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
