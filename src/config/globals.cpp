#include "herald/config/fleet.hpp"
#include "herald/config/known_keys.hpp"
#include "herald/config/rows.hpp"
#include "herald/config/sections.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/un.h>

namespace herald::config {
namespace {

constexpr std::size_t longest_listen_list = 64;

/// The table [`name`] with its keys checked; without one, an empty table.
table_reader open_section(table_reader& root, std::string_view name) {
    static const table empty;
    auto section = root.subtable(name).value_or(named_table{&empty, {}, std::string(name)});
    check_keys(*section.entries, find_known_table(name), root.problems());
    return {std::move(section), root.problems()};
}

void read_local_as(table_reader& from, std::string_view key, net::as_number& into) {
    const auto as = from.number<net::as_number>(key, 1);
    if (!as)
        return;
    if (net::is_usable(*as))
        into = *as;
    else
        from.fail(key, fmt::format("{} is reserved (RFC 6793, RFC 7300)", *as));
}

void read_socket(table_reader& from, std::string_view key, std::filesystem::path& into) {
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    const auto socket = from.parsed(key, parse_path);
    if (!socket)
        return;
    if (socket->size() > longest)
        from.fail(key, fmt::format("longer than a socket's path can be: {} octets, at most {}",
                                   socket->size(), longest));
    into = *socket;
}

using global_row = key_row<configuration>;

key_rows<configuration> bgp_rows() {
    using listen = peering::listen_settings;
    return {
        global_row("local_as", &configuration::local_as, read_local_as).required(),
        global_row("router_id", &configuration::router_id, as_parsed(parse_router_id)).required(),
        global_row("listen", at(&configuration::listen, &listen::addresses),
                   as_set(parse_listen_address, longest_listen_list)),
        global_row("port", at(&configuration::listen, &listen::port), as_number<std::uint16_t>(1))
            .defaults_to("179"),
    };
}

key_rows<configuration> metrics_rows() {
    return {global_row("listen", at(&configuration::metrics, &control::metrics_settings::listen),
                       as_parsed(parse_tcp_endpoint))};
}

key_rows<configuration> log_rows() {
    using daemon::log_format;
    using daemon::log_level;
    using log = daemon::log_settings;
    return {
        global_row("level", at(&configuration::log, &log::level),
                   as_choice<log_level>({{"trace", log_level::trace},
                                         {"debug", log_level::debug},
                                         {"info", log_level::info},
                                         {"warning", log_level::warning},
                                         {"error", log_level::error}}))
            .defaults_to("\"info\""),
        global_row("format", at(&configuration::log, &log::format),
                   as_choice<log_format>({{"text", log_format::text}, {"json", log_format::json}}))
            .defaults_to("\"text\"")
            .needs_restart(),
    };
}

/// Where the program can be reached is fixed when it starts.
key_rows<configuration> control_rows() {
    using control = control::control_settings;
    return {
        global_row("socket", at(&configuration::control, &control::socket), read_socket)
            .defaults_to("\"/run/herald/control.sock\"")
            .needs_restart(),
        global_row("mode", at(&configuration::control, &control::mode), as_parsed(parse_file_mode))
            .defaults_to("\"0660\"")
            .needs_restart(),
        global_row("group", at(&configuration::control, &control::group), as_parsed(parse_name))
            .needs_restart(),
    };
}

key_rows<configuration> state_rows() {
    return {global_row("directory", at(&configuration::state, &daemon::state_settings::directory),
                       as_parsed(parse_path))
                .needs_restart()};
}

} // namespace

const std::vector<section>& sections() {
    static const std::vector<section> all{
        {"bgp", bgp_rows()}, {"control", control_rows()}, {"metrics", metrics_rows()},
        {"log", log_rows()}, {"state", state_rows()},     {"fleet", fleet_rows()},
    };
    return all;
}

void read_globals(table_reader& root, configuration& into) {
    for (const auto& [name, rows] : sections()) {
        auto reader = open_section(root, name);
        read_rows(rows, reader, into);
    }
    complete_fleet(root, into.fleet);
}

named_table read_defaults(table_reader& root, std::string_view section) {
    auto defaults = open_section(root, "defaults");
    auto found = defaults.subtable(section);
    if (!found)
        return {};
    check_keys(*found->entries, find_known_table(found->name), root.problems());
    return *std::move(found);
}

} // namespace herald::config
