#include "herald/config/known_keys.hpp"

#include "herald/text/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace herald::config {
namespace {

using key = known_key;

template <std::size_t A, std::size_t B>
constexpr std::array<key, A + B> join(const std::array<key, A>& a, const std::array<key, B>& b) {
    std::array<key, A + B> all{};
    std::ranges::copy(b, std::ranges::copy(a, all.begin()).out);
    return all;
}

constexpr std::array root_keys{key{"bgp"},   key{"control"},  key{"metrics"},  key{"log"},
                               key{"state"}, key{"defaults"}, key{"neighbor"}, key{"service"}};
constexpr std::array bgp_keys{key{"local_as"}, key{"router_id"}, key{"listen"}, key{"port"}};
constexpr std::array control_keys{key{"socket"}, key{"mode"}, key{"group"}};
constexpr std::array metrics_keys{key{"listen"}};
constexpr std::array log_keys{key{"level"}, key{"format"}};
constexpr std::array state_keys{key{"directory"}};
constexpr std::array defaults_keys{key{"neighbor"}, key{"check"}};
constexpr std::array check_defaults_keys{key{"interval"}, key{"fast_interval"}, key{"timeout"},
                                         key{"rise"}, key{"fall"}};
constexpr std::array neighbor_own_keys{key{"name"}, key{"address"}, key{"when"}};
constexpr std::array neighbor_defaults_keys{
    key{"remote_as"},
    key{"description"},
    key{"local_address"},
    key{"port"},
    key{"passive"},
    key{"shutdown"},
    key{"hold_time"},
    key{"connect_retry"},
    key{"password"},
    key{"password_file"},
    key{"ttl_security"},
    key{"multihop"},
    key{"families"},
    key{"next_hop"},
    key{"next_hop_ipv6"},
    key{"extended_nexthop"},
    key{"role"},
    key{"graceful_restart"},
    key{"prepend"},
    key{"communities"},
    key{"large_communities"},
    key{"extended_communities"},
    key{"med"},
    key{"local_pref"},
};
constexpr auto neighbor_keys = join(neighbor_own_keys, neighbor_defaults_keys);
constexpr std::array when_keys{key{"degraded"}, key{"draining"}, key{"down"}};
constexpr std::array state_policy_keys{
    key{"prepend"},           key{"med"},
    key{"local_pref"},        key{"communities"},
    key{"large_communities"}, key{"extended_communities"},
    key{"withdraw"},
};
constexpr std::array service_keys{
    key{"name"},
    key{"prefixes"},
    key{"neighbors"},
    key{"communities"},
    key{"large_communities"},
    key{"extended_communities"},
    key{"med"},
    key{"require"},
    key{"on_down"},
    key{"drain_time"},
    key{"drain_file"},
    key{"hold_down"},
    key{"hold_down_max"},
    key{"addresses"},
    key{"manage_addresses"},
    key{"interface"},
    key{"check"},
};
constexpr std::array any_check_keys{
    key{"name"},    key{"type"}, key{"interval"}, key{"fast_interval"},
    key{"timeout"}, key{"rise"}, key{"fall"},     key{"on_fail"},
};
constexpr std::array address_key{key{"address"}};
constexpr std::array exec_keys{key{"command"}, key{"protocol"}};
constexpr std::array tcp_keys{key{"send"}, key{"expect"}};
constexpr std::array http_keys{
    key{"url"},         key{"method"}, key{"headers"}, key{"expect_status"},
    key{"expect_body"}, key{"verify"}, key{"ca_file"},
};
constexpr std::array dns_keys{
    key{"query"},     key{"record"},       key{"class"},
    key{"transport"}, key{"expect_rcode"}, key{"expect_answer"},
};
constexpr std::array ntp_keys{key{"max_stratum"}};
constexpr std::array push_keys{key{"ttl"}};

constexpr auto addressed_check_keys = join(any_check_keys, address_key);
constexpr auto exec_check_keys = join(any_check_keys, exec_keys);
constexpr auto tcp_check_keys = join(addressed_check_keys, tcp_keys);
constexpr auto http_check_keys = join(addressed_check_keys, http_keys);
constexpr auto dns_check_keys = join(addressed_check_keys, dns_keys);
constexpr auto ntp_check_keys = join(addressed_check_keys, ntp_keys);
constexpr auto push_check_keys = join(any_check_keys, push_keys);
constexpr auto all_check_keys = join(
    join(join(tcp_check_keys, exec_keys), join(http_keys, dns_keys)), join(ntp_keys, push_keys));

constexpr std::array check_types{
    known_check_type{"exec", exec_check_keys}, known_check_type{"tcp", tcp_check_keys},
    known_check_type{"http", http_check_keys}, known_check_type{"dns", dns_check_keys},
    known_check_type{"ntp", ntp_check_keys},   known_check_type{"push", push_check_keys},
};

constexpr std::array tables{
    known_table{"", "the file", root_keys},
    known_table{"bgp", "[bgp]", bgp_keys},
    known_table{"control", "[control]", control_keys},
    known_table{"metrics", "[metrics]", metrics_keys},
    known_table{"log", "[log]", log_keys},
    known_table{"state", "[state]", state_keys},
    known_table{"neighbor", "[[neighbor]]", neighbor_keys},
    known_table{"neighbor.when", "[neighbor.when]", when_keys},
    known_table{"neighbor.when.degraded", "[neighbor.when.degraded]", state_policy_keys},
    known_table{"neighbor.when.draining", "[neighbor.when.draining]", state_policy_keys},
    known_table{"neighbor.when.down", "[neighbor.when.down]", state_policy_keys},
    known_table{"service", "[[service]]", service_keys},
    known_table{"service.check", "[[service.check]]", all_check_keys},
    known_table{"defaults", "[defaults]", defaults_keys},
    known_table{"defaults.neighbor", "[defaults.neighbor]", neighbor_defaults_keys},
    known_table{"defaults.check", "[defaults.check]", check_defaults_keys},
};

bool has(std::span<const known_key> keys, std::string_view name) {
    return std::ranges::find(keys, name, &known_key::name) != keys.end();
}

/// Where a key belongs that is unknown in `known`: to another type of check, or to another table,
/// whose header comes too late in the file; empty where it belongs nowhere.
std::string home(std::string_view name, const known_table& known) {
    if (known.name == "service.check")
        for (const auto& type : check_types)
            if (has(type.keys, name))
                return fmt::format("; it belongs to checks of type \"{}\"", type.name);
    for (const auto& other : tables)
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

std::span<const known_table> known_tables() {
    return tables;
}

const known_table& find_known_table(std::string_view name) {
    return *std::ranges::find(tables, name, &known_table::name);
}

std::span<const known_check_type> known_check_types() {
    return check_types;
}

void check_keys(const table& entries, const known_table& known, problem_list& problems) {
    for (const auto& [name, where, value] : entries) {
        if (!has(known.keys, name) && !problems.drops_error())
            problems.error(where, fmt::format("unknown key {} in {}{}", in_quotes(name),
                                              known.header, suggestion(name, known)));
    }
}

} // namespace herald::config
