#include "herald/config/configuration.hpp"

#include "herald/config/known_keys.hpp"
#include "herald/config/read_file.hpp"
#include "herald/config/sections.hpp"

#include <fmt/format.h>
#include <map>
#include <string>
#include <utility>

namespace herald::config {
namespace {

net::family_set families_of(const service::service_settings& service) {
    net::family_set families;
    for (const auto& prefix : service.prefixes)
        families.insert(prefix.family());
    return families;
}

void add(net::family_set& into, net::family_set more) {
    for (auto family : net::all_families)
        if (more.contains(family))
            into.insert(family);
}

} // namespace

void join(std::vector<neighbor_draft>& neighbors, const std::vector<service_entry>& services,
          problem_list& problems) {
    net::family_set for_all;
    std::map<std::string, net::family_set> for_one;
    for (const auto& [service, exported, checks, guard] : services) {
        if (service.neighbors.empty())
            add(for_all, families_of(service));
        for (const auto& name : service.neighbors)
            add(for_one[name], families_of(service));
    }
    for (auto& [settings, has_families, where] : neighbors) {
        auto heard = for_all;
        if (const auto own = for_one.find(settings.name); own != for_one.end())
            add(heard, own->second);
        // A service that could not be read may be one that is announced to it.
        if (heard.empty() && !settings.name.empty() && !problems.has_errors())
            problems.warning(where, fmt::format("neighbor {}: no service is announced to it",
                                                in_quotes(settings.name)));
        if (!has_families)
            settings.session.families = !heard.empty() ? heard
                                        : settings.address.is_v4()
                                            ? net::family_set{net::address_family::ipv4}
                                            : net::family_set{net::address_family::ipv6};
    }
}

load_result parse(std::string_view text, const std::string& file, bool world_readable) {
    problem_list problems(file, world_readable);
    const auto document = read_document(text, problems);
    if (!document)
        return {std::nullopt, problems.take(), {}};

    check_keys(*document, find_known_table(""), problems);
    table_reader root({&*document, {}, ""}, problems);
    configuration settings;
    read_globals(root, settings);
    auto neighbors = read_neighbors(root, settings);
    settings.services = read_services(root, neighbors);
    join(neighbors, settings.services, problems);
    for (auto& neighbor : neighbors)
        settings.neighbors.push_back(std::move(neighbor.settings));
    if (problems.has_errors())
        return {std::nullopt, problems.take(), {}};
    return {std::move(settings), problems.take(), std::string(text)};
}

load_result load(const std::filesystem::path& file) {
    const auto content = read_file(file, largest_document);
    if (content)
        return parse(content->text, file.string(), content->world_readable);
    problem_list problems(file.string());
    problems.error({}, content.error());
    return {std::nullopt, problems.take(), {}};
}

} // namespace herald::config
