#include "herald/config/known_keys.hpp"

#include "herald/config/bfd.hpp"
#include "herald/config/rows.hpp"
#include "herald/text/nearest.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace herald::config {
namespace {

using keys = std::vector<known_key>;

keys tables_named(std::initializer_list<std::string_view> names) {
    keys all;
    for (const auto name : names)
        all.push_back({.name = name, .told_as = name});
    return all;
}

keys joined(std::initializer_list<keys> parts) {
    keys all;
    for (const auto& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

/// In the order in which a key of several tables is suggested.
std::vector<known_table> make_tables() {
    const auto common_of_neighbor = keys_of(common_neighbor_rows());
    const auto common_of_check = keys_of(common_check_rows());
    std::vector<known_table> all{{"", "the file", {}}};
    for (const auto& [name, rows] : sections()) {
        all.front().keys.push_back({.name = name, .told_as = name});
        all.push_back({std::string(name), fmt::format("[{}]", name), keys_of(rows)});
    }
    all.front().keys =
        joined({all.front().keys, tables_named({"defaults", "neighbor", "service"})});
    all.push_back(
        {"neighbor", "[[neighbor]]",
         joined({keys_of(own_neighbor_rows()), tables_named({"when"}), common_of_neighbor})});
    all.push_back({"neighbor.bfd", "[neighbor.bfd]", keys_of(bfd_rows())});
    all.push_back({"neighbor.when", "[neighbor.when]", {}});
    auto& states = all.back().keys;
    for (const auto& [name, policy] : service_state_rows())
        states.push_back({.name = name, .told_as = name});
    for (const auto& [name, policy] : service_state_rows())
        all.push_back({fmt::format("neighbor.when.{}", name),
                       fmt::format("[neighbor.when.{}]", name), keys_of(state_policy_rows())});
    all.push_back(
        {"service", "[[service]]", joined({keys_of(service_rows()), tables_named({"check"})})});
    all.push_back({"service.check", "[[service.check]]",
                   joined({keys_of(own_check_rows()), common_of_check})});
    for (const auto& type : check_types())
        all.back().keys = joined({all.back().keys, type.keys});
    all.push_back({"defaults", "[defaults]", tables_named({"neighbor", "check"})});
    all.push_back({"defaults.neighbor", "[defaults.neighbor]", common_of_neighbor});
    all.push_back({"defaults.neighbor.bfd", "[defaults.neighbor.bfd]", keys_of(bfd_rows())});
    all.push_back({"defaults.check", "[defaults.check]", common_of_check});
    return all;
}

bool has(const keys& known, std::string_view name) {
    return std::ranges::find(known, name, &known_key::name) != known.end();
}

/// Where a key belongs that is unknown in `known`: to another type of check, or to another table,
/// whose header comes too late in the file; empty when it belongs nowhere.
std::string home(std::string_view name, const known_table& known) {
    if (known.name == "service.check")
        for (const auto& type : check_types())
            if (has(type.keys, name))
                return fmt::format("; it belongs to checks of type \"{}\"", type.name);
    for (const auto& other : known_tables())
        if (has(other.keys, name))
            return fmt::format("; it belongs in {}", other.header);
    return {};
}

std::string suggestion(std::string_view name, const known_table& known) {
    auto elsewhere = home(name, known);
    if (!elsewhere.empty())
        return elsewhere;
    std::vector<std::string_view> names;
    std::ranges::transform(known.keys, std::back_inserter(names), &known_key::name);
    if (const auto near = text::nearest(name, names))
        return fmt::format("; did you mean \"{}\"?", *near);
    std::string all;
    for (const auto& one : known.keys)
        all += (all.empty() ? "" : ", ") + std::string(one.name);
    return "; known here: " + all;
}

} // namespace

const std::vector<known_table>& known_tables() {
    static const auto all = make_tables();
    return all;
}

const known_table& find_known_table(std::string_view name) {
    return *std::ranges::find(known_tables(), name, &known_table::name);
}

void check_keys(const table& entries, const known_table& known, problem_list& problems) {
    for (const auto& [name, where, value] : entries) {
        if (!has(known.keys, name) && !problems.drops_error())
            problems.error(where, fmt::format("unknown key {} in {}{}", in_quotes(name),
                                              known.header, suggestion(name, known)));
    }
}

} // namespace herald::config
