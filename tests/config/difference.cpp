#include "herald/config/difference.hpp"

#include "tests/config/support.hpp"

namespace herald::config::test {

namespace {

using kind = change::kind;

configuration parsed(const std::string& text) {
    auto loaded = parse(text, "f");
    CAPTURE(text);
    for (const auto& problem : loaded.problems)
        CAPTURE(to_string(problem));
    REQUIRE(loaded.settings);
    return std::move(*loaded.settings);
}

std::vector<change> between(const std::string& now, const std::string& next) {
    return difference(parsed(now), parsed(next));
}

change neighbor_change(std::vector<std::string> keys, bool resets) {
    return {"neighbor", "198.51.100.1", kind::changed, std::move(keys), resets, false};
}

change service_change(std::vector<std::string> keys) {
    return {"service", "dns", kind::changed, std::move(keys), false, false};
}

const std::string plain = bgp + service + neighbor;
const std::string plain_service = bgp + neighbor + service;

} // namespace

TEST_CASE("difference: nothing between two readings of the same file") {
    CHECK(between(plain, plain).empty());
    CHECK(between(plain, "# a comment\n" + plain).empty());
}

TEST_CASE("difference: what neighbors hear, and how they are dialled, resets no session") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"description = \"rack 1\"", "description"},
        {"connect_retry = \"1s\"", "connect_retry"},
        {"shutdown = true", "shutdown"},
        {"next_hop = \"198.51.100.9\"", "next_hop"},
        {"next_hop_ipv6 = \"2001:db8::9\"", "next_hop_ipv6"},
        {"prepend = 1", "prepend"},
        {"med = 1", "med"},
        {"communities = [\"1:1\"]", "communities"},
        {"large_communities = [\"1:1:1\"]", "large_communities"},
        {"extended_communities = [\"rt:1:1\"]", "extended_communities"},
        {"when.degraded.prepend = 1", "when.degraded.prepend"},
        {"when.draining.med = 1", "when.draining.med"},
        {"when.down.communities = [\"1:1\"]", "when.down.communities"},
        {"when.down.withdraw = true", "when.down.withdraw"},
    };
    for (const auto& [key, name] : rows) {
        CAPTURE(key);
        CHECK(between(plain, in_neighbor(key)) == std::vector{neighbor_change({name}, false)});
        CHECK(between(in_neighbor(key), plain) == std::vector{neighbor_change({name}, false)});
    }
}

TEST_CASE("difference: what is fixed when a session begins resets it, RFC 4486 §4") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"local_address = \"198.51.100.2\"", "local_address"},
        {"port = 1790", "port"},
        {"password = \"x\"", "password"},
        {"ttl_security = 1", "ttl_security"},
        {"multihop = 3", "multihop"},
        {"families = [\"ipv4\", \"ipv6\"]", "families"},
        {"hold_time = \"9s\"", "hold_time"},
        {"extended_nexthop = true", "extended_nexthop"},
        {"role = \"customer\"", "role"},
        {"graceful_restart = \"9s\"", "graceful_restart"},
    };
    for (const auto& [key, name] : rows) {
        CAPTURE(key);
        CHECK(between(plain, in_neighbor(key)) == std::vector{neighbor_change({name}, true)});
    }
}

TEST_CASE("difference: a word in place of an AS number resets the session, if it says another AS") {
    const auto with = [](const std::string& as) {
        return bgp + service + "[[neighbor]]\naddress = \"198.51.100.1\"\nremote_as = " + as + "\n";
    };
    const std::vector changed{neighbor_change({"remote_as"}, true)};
    CHECK(between(with("64500"), with("\"external\"")) == changed);
    CHECK(between(with("\"external\""), with("64500")) == changed);
    CHECK(between(with("\"external\""), with("\"external\"")).empty());
    CHECK(between(with("65010"), with("\"internal\"")).empty());
}

TEST_CASE("difference: a password's value is not told") {
    CHECK(between(in_neighbor("password = \"old\""), in_neighbor("password = \"new\"")) ==
          std::vector{neighbor_change({"password"}, true)});
}

TEST_CASE("difference: another identity begins every session anew") {
    auto other = plain;
    other.replace(other.find("192.0.2.10"), 10, "192.0.2.11");
    CHECK(between(plain, other) ==
          std::vector{change{"bgp", "", kind::changed, {"router_id"}, false, false},
                      neighbor_change({"bgp.router_id"}, true)});
}

TEST_CASE("difference: neighbors and services that come and go") {
    const std::string second = "[[neighbor]]\nname = \"leaf2\"\naddress = \"198.51.100.5\"\n"
                               "remote_as = 64500\n";
    const std::string web = "[[service]]\nname = \"web\"\nprefixes = [\"203.0.113.0/24\"]\n";
    CHECK(between(plain, plain + second + web) ==
          std::vector{change{"neighbor", "leaf2", kind::added, {}, false, false},
                      change{"service", "web", kind::added, {}, false, false}});
    CHECK(between(plain + second + web, plain) ==
          std::vector{change{"neighbor", "leaf2", kind::removed, {}, true, false},
                      change{"service", "web", kind::removed, {}, false, false}});
}

TEST_CASE("difference: a service's keys, its checks by name") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"neighbors = [\"198.51.100.1\"]", "neighbors"},
        {"communities = [\"1:1\"]", "communities"},
        {"large_communities = [\"1:1:1\"]", "large_communities"},
        {"extended_communities = [\"rt:1:1\"]", "extended_communities"},
        {"med = 1", "med"},
        {"require = \"any\"\n" + check, "require"},
        {"on_down = \"deprefer\"", "on_down"},
        {"drain_time = \"1s\"", "drain_time"},
        {"drain_file = \"/run/maintenance\"", "drain_file"},
        {"hold_down = \"1s\"", "hold_down"},
        {"hold_down_max = \"9m\"", "hold_down_max"},
        {"addresses = [\"192.0.2.53\"]", "addresses"},
    };
    for (const auto& [key, name] : rows) {
        CAPTURE(key);
        const auto before = key.ends_with(check) ? in_service(check) : plain_service;
        CHECK(between(before, in_service(key)) == std::vector{service_change({name})});
    }
    CHECK(between(plain_service, in_service(check)) ==
          std::vector{service_change({"check tcp (new)"})});
    CHECK(between(in_service(check), plain_service) ==
          std::vector{service_change({"check tcp (gone)"})});
    CHECK(between(in_service(check), in_service(check + "rise = 1\n")) ==
          std::vector{service_change({"check tcp"})});
}

TEST_CASE("difference: prefixes resets the session only where a family comes or goes") {
    auto more = plain;
    more.replace(more.find("192.0.2.0/24"), 12, "192.0.2.0/24\", \"203.0.113.0/24");
    CHECK(between(plain, more) == std::vector{service_change({"prefixes"})});
    auto both = plain;
    both.replace(both.find("192.0.2.0/24"), 12, "192.0.2.0/24\", \"2001:db8::/48");
    CHECK(between(plain, both) ==
          std::vector{neighbor_change({"families"}, true), service_change({"prefixes"})});
}

TEST_CASE("difference: the order of checks alone is one, too") {
    const std::string other = "[[service.check]]\ntype = \"exec\"\ncommand = [\"true\"]\n";
    CHECK(between(in_service(check + other), in_service(other + check)) ==
          std::vector{service_change({"order of checks"})});
}

TEST_CASE("difference: where the program is reached changes with the next start") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"control", "socket = \"/run/other.sock\""},
        {"control", "mode = \"0600\""},
        {"control", "group = \"noc\""},
        {"state", "directory = \"/var/lib/other\""},
        {"log", "format = \"json\""},
    };
    for (const auto& [section, key] : rows) {
        CAPTURE(key);
        CHECK(between(plain, plain + "[" + section + "]\n" + key + "\n") ==
              std::vector{
                  change{section, "", kind::changed, {key.substr(0, key.find(' '))}, false, true}});
    }
    CHECK(between(plain, plain + "[log]\nlevel = \"debug\"\n") ==
          std::vector{change{"log", "", kind::changed, {"level"}, false, false}});
    CHECK(between(plain, plain + "[metrics]\nlisten = \"127.0.0.1:9179\"\n") ==
          std::vector{change{"metrics", "", kind::changed, {"listen"}, false, false}});
}

TEST_CASE("difference: listening elsewhere begins no session anew") {
    CHECK(between(plain, "[bgp]\nlisten = [\"0.0.0.0\"]\nport = 1790\n" + plain.substr(6)) ==
          std::vector{change{"bgp", "", kind::changed, {"listen", "port"}, false, false}});
}

} // namespace herald::config::test
