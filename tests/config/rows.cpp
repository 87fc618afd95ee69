// What follows from the rows: the difference of two files, defaults, and what is required.
#include "herald/config/rows.hpp"

#include "herald/config/bfd.hpp"
#include "herald/config/difference.hpp"
#include "tests/config/support.hpp"

#include <algorithm>
#include <map>

namespace herald::config::test {

namespace {

/// A file: tables, each with its keys and their values as TOML has them. None: not there.
using file = std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>>;

file smallest_file() {
    return {{"bgp", {{"local_as", "65010"}, {"router_id", "\"192.0.2.10\""}}},
            {"neighbor",
             {{"name", "\"leaf1\""}, {"address", "\"198.51.100.1\""}, {"remote_as", "64500"}}},
            {"service", {{"name", "\"dns\""}, {"prefixes", "[\"192.0.2.0/24\"]"}}}};
}

std::string to_text(const file& all) {
    std::string text;
    for (const auto& known : known_tables()) {
        const auto found = all.find(known.name);
        if (found == all.end())
            continue;
        text += known.header + "\n";
        for (const auto& [key, value] : found->second)
            text += key + " = " + value + "\n";
    }
    return text;
}

configuration parsed(const file& all, const std::string& name = "f") {
    const auto text = to_text(all);
    auto loaded = parse(text, name);
    const auto found = to_lines(loaded.problems);
    CAPTURE(text);
    CAPTURE(found);
    REQUIRE(loaded.settings);
    return std::move(*loaded.settings);
}

/// A value that a key may change to, and what has to be in the file besides.
struct sample {
    std::string value;
    file besides;
};

const std::string own_as = "65010"; // iBGP
const file sha1{{"neighbor.bfd", {{"authentication", "\"sha1\""}, {"password", "\"p\""}}}};
const file sha1_by_file{
    {"neighbor.bfd", {{"authentication", "\"sha1\""}, {"password_file", "\"other key\""}}}};

const file in_fleet{{"fleet", {{"etcd", "[\"https://10.0.0.1:2379\"]"}}}};
const file with_certificate{{"fleet",
                             {{"etcd", "[\"https://10.0.0.1:2379\"]"},
                              {"cert_file", "\"/etc/c.pem\""},
                              {"key_file", "\"/etc/c.key\""}}}};
const file as_user{
    {"fleet",
     {{"etcd", "[\"https://10.0.0.1:2379\"]"}, {"user", "\"herald\""}, {"password", "\"p\""}}}};
const file as_user_by_file{{"fleet",
                            {{"etcd", "[\"https://10.0.0.1:2379\"]"},
                             {"user", "\"herald\""},
                             {"password_file", "\"other key\""}}}};

const std::map<std::string, sample, std::less<>> all_samples{
    {"bgp.local_as", {"65011", {}}},
    {"bgp.router_id", {"\"192.0.2.11\"", {}}},
    {"bgp.listen", {"[\"::\"]", {}}},
    {"bgp.port", {"1790", {}}},
    {"control.socket", {"\"/run/other.sock\"", {}}},
    {"control.mode", {"\"0600\"", {}}},
    {"control.group", {"\"noc\"", {}}},
    {"metrics.listen", {"\"127.0.0.1:9179\"", {}}},
    {"log.level", {"\"debug\"", {}}},
    {"log.format", {"\"json\"", {}}},
    {"state.directory", {"\"/var/lib/other\"", {}}},
    {"fleet.etcd", {"[\"http://127.0.0.1:2379\"]", in_fleet}},
    {"fleet.prefix", {"\"/other/\"", in_fleet}},
    {"fleet.node", {"\"madrid-1\"", in_fleet}},
    {"fleet.site", {"\"madrid\"", in_fleet}},
    {"fleet.ttl", {"\"9s\"", in_fleet}},
    {"fleet.ca_file", {"\"/etc/ca.pem\"", in_fleet}},
    {"fleet.cert_file", {"\"/etc/own.pem\"", with_certificate}},
    {"fleet.key_file", {"\"/etc/own.key\"", with_certificate}},
    {"fleet.user", {"\"other\"", as_user}},
    {"fleet.password", {"\"x\"", as_user}},
    {"fleet.password_file", {"\"key\"", as_user_by_file}},
    {"fleet.fleetlock", {"\"127.0.0.1:9180\"", in_fleet}},
    {"neighbor.address", {"\"198.51.100.9\"", {}}},
    {"neighbor.remote_as", {"64501", {}}},
    {"neighbor.description", {"\"rack 1\"", {}}},
    {"neighbor.interface", {"\"eth0\"", {}}},
    {"neighbor.local_address", {"\"198.51.100.2\"", {}}},
    {"neighbor.port", {"1790", {}}},
    {"neighbor.passive", {"true", {{"bgp", {{"listen", "[\"0.0.0.0\"]"}}}}}},
    {"neighbor.shutdown", {"true", {}}},
    {"neighbor.hold_time", {"\"9s\"", {}}},
    {"neighbor.connect_retry", {"\"1s\"", {}}},
    {"neighbor.password", {"\"x\"", {}}},
    {"neighbor.password_file", {"\"key\"", {}}},
    {"neighbor.ttl_security", {"1", {}}},
    {"neighbor.multihop", {"3", {}}},
    {"neighbor.families", {"[\"ipv4\", \"ipv6\"]", {}}},
    {"neighbor.next_hop", {"\"198.51.100.9\"", {}}},
    {"neighbor.next_hop_ipv6", {"\"2001:db8::9\"", {}}},
    {"neighbor.extended_nexthop", {"true", {}}},
    {"neighbor.role", {"\"customer\"", {}}},
    {"neighbor.graceful_restart", {"\"9s\"", {}}},
    {"neighbor.prepend", {"1", {}}},
    {"neighbor.communities", {"[\"1:1\"]", {}}},
    {"neighbor.large_communities", {"[\"1:1:1\"]", {}}},
    {"neighbor.extended_communities", {"[\"rt:1:1\"]", {}}},
    {"neighbor.med", {"1", {}}},
    {"neighbor.local_pref", {"50", {{"neighbor", {{"remote_as", own_as}}}}}},
    {"neighbor.bfd", {"true", {}}},
    {"neighbor.bfd.min_tx", {"\"50ms\"", {}}},
    {"neighbor.bfd.min_rx", {"\"60s\"", {}}},
    {"neighbor.bfd.multiplier", {"255", {}}},
    {"neighbor.bfd.passive", {"true", {}}},
    {"neighbor.bfd.strict", {"true", {}}},
    {"neighbor.bfd.multihop", {"false", {}}},
    {"neighbor.bfd.authentication", {"\"meticulous-sha1\"", sha1}},
    {"neighbor.bfd.key_id", {"0", sha1}},
    {"neighbor.bfd.password", {"\"x\"", sha1}},
    {"neighbor.bfd.password_file", {"\"key\"", sha1_by_file}},
    {"neighbor.when.prepend", {"1", {}}},
    {"neighbor.when.med", {"1", {}}},
    {"neighbor.when.local_pref", {"50", {{"neighbor", {{"remote_as", own_as}}}}}},
    {"neighbor.when.communities", {"[\"1:1\"]", {}}},
    {"neighbor.when.large_communities", {"[\"1:1:1\"]", {}}},
    {"neighbor.when.extended_communities", {"[\"rt:1:1\"]", {}}},
    {"neighbor.when.withdraw", {"true", {}}},
    {"service.prefixes", {"[\"203.0.113.0/24\"]", {}}},
    {"service.neighbors", {"[\"leaf1\"]", {}}},
    {"service.communities", {"[\"1:1\"]", {}}},
    {"service.large_communities", {"[\"1:1:1\"]", {}}},
    {"service.extended_communities", {"[\"rt:1:1\"]", {}}},
    {"service.med", {"1", {}}},
    {"service.require", {"\"any\"", {{"service.check", {{"type", "\"push\""}}}}}},
    {"service.keep", {"\"60%\"", in_fleet}},
    {"service.keep_per", {"\"node\"", in_fleet}},
    {"service.on_store_loss", {"\"withdraw\"", in_fleet}},
    {"service.on_down", {"\"deprefer\"", {}}},
    {"service.drain_time", {"\"1s\"", {}}},
    {"service.drain_file", {"\"/run/maintenance\"", {}}},
    {"service.hold_down", {"\"1s\"", {}}},
    {"service.hold_down_max", {"\"9m\"", {}}},
    {"service.addresses", {"[\"192.0.2.53\"]", {}}},
    {"service.manage_addresses", {"true", {{"service", {{"addresses", "[\"192.0.2.53\"]"}}}}}},
    {"service.interface", {"\"eth0\"", {}}},
    {"check.type", {"\"ntp\"", {}}},
    {"check.interval", {"\"9s\"", {}}},
    {"check.fast_interval", {"\"500ms\"", {}}},
    {"check.timeout", {"\"1s\"", {}}},
    {"check.rise", {"1", {}}},
    {"check.fall", {"1", {}}},
    {"check.on_fail", {"\"degrade\"", {}}},
    {"exec.command", {"[\"false\"]", {}}},
    {"exec.protocol", {"\"nagios\"", {}}},
    {"tcp.address", {"\"127.0.0.1:54\"", {}}},
    {"tcp.send", {"\"PING\"", {}}},
    {"tcp.expect", {"\"PONG\"", {}}},
    {"http.url", {"\"https://b.example/\"", {}}},
    {"http.address", {"\"127.0.0.1:80\"", {}}},
    {"http.method", {"\"HEAD\"", {}}},
    {"http.headers", {"{ Accept = \"text/plain\" }", {}}},
    {"http.expect_status", {"[\"204\"]", {}}},
    {"http.expect_body", {"\"fine\"", {}}},
    {"http.verify", {"false", {}}},
    {"http.ca_file", {"\"/etc/ca.pem\"", {}}},
    {"dns.address", {"\"127.0.0.1:54\"", {}}},
    {"dns.query", {"\"example.net\"", {}}},
    {"dns.record", {"\"AAAA\"", {}}},
    {"dns.class", {"\"CH\"", {}}},
    {"dns.transport", {"\"tcp\"", {}}},
    {"dns.expect_rcode", {"\"NXDOMAIN\"", {}}},
    {"dns.expect_answer", {"\"192.0.2.1\"", {}}},
    {"ntp.address", {"\"127.0.0.1:124\"", {}}},
    {"ntp.max_stratum", {"3", {}}},
    {"push.ttl", {"\"9s\"", {}}},
};

/// What a check of that type needs, and a name.
std::map<std::string, std::string, std::less<>> smallest_check(std::string_view type) {
    std::map<std::string, std::string, std::less<>> check{
        {"name", "\"c\""}, {"type", "\"" + std::string(type) + "\""}};
    if (type == "exec")
        check["command"] = "[\"true\"]";
    else if (type == "http")
        check["url"] = "\"https://a.example/\"";
    else if (type != "push")
        check["address"] = "\"127.0.0.1:53\"";
    return check;
}

/// One key that a file may have.
struct subject {
    std::string table;   // "service.check"
    std::string samples; // "http"
    known_key key;
    file base;
    std::string told_in; // the section whose difference names it, and in what words
    std::string told_as;

    std::string name() const { return table + "." + std::string(key.name) + " (" + samples + ")"; }
    const sample& example() const {
        const auto found = all_samples.find(samples + "." + std::string(key.name));
        CAPTURE(name());
        REQUIRE_MESSAGE(found != all_samples.end(), "no sample for ", name());
        return found->second;
    }
    file without() const {
        auto all = base;
        for (const auto& [table_name, keys] : example().besides)
            for (const auto& [other, value] : keys)
                all[table_name][other] = value;
        return all;
    }
    file with(const std::string& value) const {
        auto all = without();
        all[table][std::string(key.name)] = value;
        return all;
    }
};

void add(std::vector<subject>& all, const std::string& table, const std::vector<known_key>& keys) {
    for (const auto& key : keys)
        all.push_back({table, table, key, smallest_file(), table, std::string(key.told_as)});
}

void add_checks(std::vector<subject>& all, std::string_view type, const std::string& samples,
                const std::vector<known_key>& keys) {
    auto base = smallest_file();
    base["service.check"] = smallest_check(type);
    for (const auto& key : keys)
        all.push_back({"service.check", samples, key, base, "service", "check c"});
}

/// Every key of every table. A name is what the others are found by, and not compared.
std::vector<subject> all_subjects() {
    std::vector<subject> all;
    for (const auto& [name, rows] : sections())
        add(all, std::string(name), keys_of(rows));
    add(all, "neighbor", keys_of(own_neighbor_rows()));
    for (auto& each : all)
        if (each.key.name == "interface") { // which is in place of another
            each.base["neighbor"].erase("address");
            each.base["neighbor"]["interface"] = "\"eth1\"";
        }
    add(all, "neighbor", keys_of(common_neighbor_rows()));
    auto with_bfd = smallest_file();
    with_bfd["neighbor.bfd"] = {};
    for (const auto& key : keys_of(bfd_rows()))
        all.push_back({"neighbor.bfd", "neighbor.bfd", key, with_bfd, "neighbor",
                       "bfd." + std::string(key.told_as)});
    for (const auto& state : service_state_rows())
        for (const auto& key : keys_of(state_policy_rows())) {
            const auto when = "when." + std::string(state.name);
            all.push_back({"neighbor." + when, "neighbor.when", key, smallest_file(), "neighbor",
                           when + "." + std::string(key.told_as)});
        }
    add(all, "service", keys_of(service_rows()));
    add_checks(all, "tcp", "check", keys_of(own_check_rows()));
    add_checks(all, "tcp", "check", keys_of(common_check_rows()));
    for (const auto& type : check_types())
        add_checks(all, type.name, std::string(type.name), type.keys);
    std::erase_if(all, [](const auto& one) { return one.key.name == "name"; });
    return all;
}

void check_change(const subject& one, const configuration& now, const configuration& next) {
    const auto changes = difference(now, next);
    const auto told = std::ranges::find(changes, one.told_in, &change::section);
    REQUIRE(told != changes.end());
    CHECK(std::ranges::count(told->keys, one.told_as) == 1);
    CHECK(told->resets_session == (one.key.on_change == effect::new_session));
    CHECK(told->needs_restart == (one.key.on_change == effect::restart));
    const bool goes_on = peering::session_goes_on(now.neighbors.front(), next.neighbors.front());
    if (one.told_in == "neighbor")
        CHECK(told->resets_session == !goes_on);
}

} // namespace

TEST_CASE("rows: every key that changes is named by the difference, with what it resets") {
    const scratch_directory directory;
    directory.write("key", "from a file");
    directory.write("other key", "from another");
    const auto subjects = all_subjects();
    REQUIRE(subjects.size() > 90);
    for (const auto& one : subjects) {
        CAPTURE(one.name());
        const auto name = (directory.path() / "f").string();
        const auto without = parsed(one.without(), name);
        const auto with = parsed(one.with(one.example().value), name);
        check_change(one, without, with);
        check_change(one, with, without);
    }
}

TEST_CASE("rows: a default that is written down changes nothing") {
    std::size_t seen = 0;
    for (const auto& one : all_subjects()) {
        if (one.key.fallback.empty())
            continue;
        CAPTURE(one.name());
        CHECK(parsed(one.with(std::string(one.key.fallback))) == parsed(one.without()));
        ++seen;
    }
    CHECK(seen > 30);
}

TEST_CASE("rows: a required key that is missing is named") {
    std::size_t seen = 0;
    for (const auto& one : all_subjects()) {
        if (!one.key.is_required)
            continue;
        auto without = one.without();
        without[one.table].erase(std::string(one.key.name));
        CAPTURE(one.name());
        const auto found = problems_of(to_text(without));
        const auto wanted = one.table + "." + std::string(one.key.name) + ": missing, but required";
        CHECK(std::ranges::any_of(found, [&](const auto& line) { return line.ends_with(wanted); }));
        ++seen;
    }
    CHECK(seen >= 10);
}

TEST_CASE("rows: a key that holds a secret, or may, is not quoted when it is refused") {
    std::size_t seen = 0;
    for (const auto& one : all_subjects()) {
        if (one.key.hidden == secrecy::none)
            continue;
        CAPTURE(one.name());
        for (const auto* value : {"\"http://u:hunter2@h:x/\\u0000\"", "[\"hunter2\"]",
                                  "{ \"hunter2 \" = \"hunter2\\n\" }"}) {
            const auto found = problems_of(to_text(one.with(value)));
            CHECK_FALSE(found.empty());
            for (const auto& line : found)
                CHECK_FALSE(line.contains("hunter2"));
        }
        ++seen;
    }
    CHECK(seen == 5); // password, BFD's, url, headers
}

} // namespace herald::config::test
