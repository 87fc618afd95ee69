#include "herald/config/fleet.hpp"

#include "herald/config/password.hpp"
#include "herald/health/http_settings.hpp"

#include <algorithm>
#include <boost/asio/ip/host_name.hpp>
#include <fmt/format.h>
#include <limits>
#include <variant>

namespace herald::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_endpoints = 64;
constexpr std::size_t longest_key_prefix = 256;
constexpr std::size_t longest_user = 256;
constexpr std::size_t longest_etcd_password = 1024;

std::expected<fleet::etcd_endpoint, std::string> parse_etcd_endpoint(std::string_view text) {
    auto url = health::parse_http_url(text);
    if (!url || url->target != "/")
        return std::unexpected("not a URL of scheme, host and port, such as https://10.0.0.1:2379");
    return fleet::etcd_endpoint{url->tls, std::move(url->host), url->port, std::string(text)};
}

void read_etcd_endpoints(table_reader& from, std::string_view key,
                         std::vector<fleet::etcd_endpoint>& into) {
    if (from.is_empty_array(key))
        from.fail(key, "names none");
    as_list(parse_etcd_endpoint, most_endpoints)(from, key, into);
}

std::expected<std::string, std::string> parse_key_prefix(std::string_view text) {
    if (!text.starts_with('/') || !text.ends_with('/') || text.size() > longest_key_prefix)
        return std::unexpected(
            fmt::format("expected up to {} octets that begin and end with /", longest_key_prefix));
    return std::string(text);
}

/// Whoever reaches it can have the node drained.
std::expected<boost::asio::ip::tcp::endpoint, std::string>
parse_loopback_endpoint(std::string_view text) {
    auto endpoint = parse_tcp_endpoint(text);
    if (endpoint && !endpoint->address().is_loopback())
        return std::unexpected("a loopback address only, such as 127.0.0.1:9180 or [::1]:9180");
    return endpoint;
}

std::expected<fleet::percentage, std::string> parse_percentage(std::string_view text) {
    constexpr unsigned most = 100;
    unsigned value = 0;
    const bool good = text.size() >= 2 && text.size() <= 4 && text.ends_with('%') &&
                      std::ranges::all_of(text.substr(0, text.size() - 1), [&](char c) {
                          value = value * 10 + static_cast<unsigned>(c - '0');
                          return c >= '0' && c <= '9';
                      });
    if (!good || value == 0 || value > most)
        return std::unexpected("expected a number, or a share from \"1%\" to \"100%\"");
    return fleet::percentage{value};
}

void read_keep(table_reader& from, std::string_view key,
               decltype(fleet::guard_settings::keep)& into) {
    const auto* found = from.value(key);
    if (found != nullptr && std::holds_alternative<std::string>(found->value))
        keep(from.parsed(key, parse_percentage), into);
    else if (const auto count = from.number<unsigned>(key, 0, std::numeric_limits<unsigned>::max()))
        into = *count;
}

} // namespace

key_rows<configuration> fleet_rows() {
    using settings = fleet::fleet_settings;
    using etcd = fleet::etcd_settings;
    const auto of_fleet = [](auto member) { return at(&configuration::fleet, member); };
    const auto of_etcd = [](auto member) {
        return at(&configuration::fleet, &settings::etcd, member);
    };
    using row = key_row<configuration>;
    return {
        row("etcd", of_etcd(&etcd::endpoints), read_etcd_endpoints),
        row("prefix", of_fleet(&settings::prefix), as_parsed(parse_key_prefix))
            .defaults_to("\"/herald/\""),
        row("node", of_fleet(&settings::node), as_parsed(parse_name)),
        row("site", of_fleet(&settings::site), as_parsed(parse_name)),
        row("ttl", of_fleet(&settings::ttl), as_duration(1s, 10min)).defaults_to("\"10s\""),
        row("ca_file", of_etcd(&etcd::ca_file), as_parsed(parse_absolute_path)),
        row("cert_file", of_etcd(&etcd::cert_file), as_parsed(parse_absolute_path)),
        row("key_file", of_etcd(&etcd::key_file), as_parsed(parse_absolute_path)),
        row("user", of_etcd(&etcd::user), as_text(longest_user)),
        row("password", of_etcd(&etcd::password), as_password(longest_etcd_password)).is_secret(),
        row("password_file", of_etcd(&etcd::password), as_password_file(longest_etcd_password))
            .same_as("password"),
        row("fleetlock", &configuration::fleetlock, as_parsed(parse_loopback_endpoint)),
    };
}

void complete_fleet(table_reader& root, fleet::fleet_settings& into) {
    auto section = root.subtable("fleet");
    if (!section)
        return;
    table_reader from(*std::move(section), root.problems());
    if (!from.has("etcd"))
        from.fail("etcd", "missing, but required");
    for (const auto& [one, other] :
         {std::pair{"cert_file", "key_file"}, std::pair{"key_file", "cert_file"}})
        if (from.has(one) && !from.has(other))
            from.fail(one, fmt::format("needs a {}", other));
    const bool any_tls = std::ranges::any_of(into.etcd.endpoints, &fleet::etcd_endpoint::tls);
    for (const auto* key : {"ca_file", "cert_file"})
        if (from.has(key) && !into.etcd.endpoints.empty() && !any_tls)
            from.fail(key, "is for URLs of https");
    if (from.has("user") && !from.has("password") && !from.has("password_file"))
        from.fail("user", "needs a password or a password_file");
    for (const auto* key : {"password", "password_file"})
        if (from.has(key) && !from.has("user"))
            from.fail(key, "needs a user");
    if (into.node.empty() && !from.has("node")) {
        if (auto host = parse_name(boost::asio::ip::host_name()))
            into.node = *std::move(host);
        else
            from.fail("etcd", "needs a node: the host's name is not one");
    }
    if (into.site.empty())
        into.site = into.node;
}

key_rows<service_entry> guard_rows() {
    using entry = service_entry;
    using row = key_row<entry>;
    using guard = fleet::guard_settings;
    using unit = guard::unit;
    using store_loss = guard::store_loss;
    return {
        row("keep", at(&entry::guard, &guard::keep), read_keep).defaults_to("0"),
        row("keep_per", at(&entry::guard, &guard::keep_per),
            as_choice<unit>({{"site", unit::site}, {"node", unit::node}}))
            .defaults_to("\"site\""),
        row("on_store_loss", at(&entry::guard, &guard::on_store_loss),
            as_choice<store_loss>({{"hold", store_loss::hold}, {"withdraw", store_loss::withdraw}}))
            .defaults_to("\"hold\""),
    };
}

void check_guard(table_reader& service, const fleet::guard_settings& guard, bool in_fleet) {
    if (!in_fleet && guard.keep != decltype(guard.keep)(0U))
        service.fail("keep", "needs a [fleet]");
}

} // namespace herald::config
