#include "herald/config/known_keys.hpp"
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

void read_local_as(table_reader& bgp, configuration& into) {
    bgp.require("local_as");
    const auto as = bgp.number<net::as_number>("local_as", 1);
    if (!as)
        return;
    if (net::is_usable(*as))
        into.local_as = *as;
    else
        bgp.fail("local_as", fmt::format("{} is reserved (RFC 6793, RFC 7300)", *as));
}

void read_bgp(table_reader bgp, configuration& into) {
    read_local_as(bgp, into);
    bgp.require("router_id");
    into.router_id = bgp.parsed("router_id", parse_router_id).value_or(0);
    for (const auto& [address, where] :
         bgp.parsed_list("listen", parse_listen_address, longest_listen_list)) {
        if (std::ranges::find(into.listen.addresses, address) != into.listen.addresses.end())
            bgp.fail_at(where, "listen", fmt::format("{} is there twice", address.to_string()));
        else
            into.listen.addresses.push_back(address);
    }
    into.listen.port = bgp.number<std::uint16_t>("port", 1).value_or(into.listen.port);
}

void read_control(table_reader control, control::control_settings& into) {
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    if (const auto socket = control.parsed("socket", parse_path)) {
        if (socket->size() > longest)
            control.fail("socket", fmt::format("longer than a socket's path can be: {} octets, at "
                                               "most {}",
                                               socket->size(), longest));
        into.socket = *socket;
    }
    into.mode = control.parsed("mode", parse_file_mode).value_or(into.mode);
    into.group = control.parsed("group", parse_name);
}

void read_log(table_reader log, daemon::log_settings& into) {
    using daemon::log_format;
    using daemon::log_level;
    into.level = log.choice<log_level>("level", {{"trace", log_level::trace},
                                                 {"debug", log_level::debug},
                                                 {"info", log_level::info},
                                                 {"warning", log_level::warning},
                                                 {"error", log_level::error}})
                     .value_or(into.level);
    into.format =
        log.choice<log_format>("format", {{"text", log_format::text}, {"json", log_format::json}})
            .value_or(into.format);
}

/// An address to listen on, and a port.
std::expected<boost::asio::ip::tcp::endpoint, std::string>
parse_tcp_endpoint(std::string_view text) {
    const auto parts = parse_endpoint(text);
    if (!parts)
        return std::unexpected(parts.error());
    const auto address = parse_listen_address(parts->host);
    if (!address)
        return std::unexpected(address.error());
    return boost::asio::ip::tcp::endpoint(*address, parts->port);
}

} // namespace

void read_globals(table_reader& root, configuration& into) {
    read_bgp(open_section(root, "bgp"), into);
    read_control(open_section(root, "control"), into.control);
    into.metrics.listen = open_section(root, "metrics").parsed("listen", parse_tcp_endpoint);
    read_log(open_section(root, "log"), into.log);
    into.state.directory = open_section(root, "state").parsed("directory", parse_path);
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
