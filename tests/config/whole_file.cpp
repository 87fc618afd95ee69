#include "tests/config/support.hpp"

namespace herald::config::test {

using namespace std::chrono_literals;
namespace ip = boost::asio::ip;
using net::address_family;

namespace {

constexpr std::string_view text = R"(
[bgp]
local_as  = 4200000001
router_id = "192.0.2.10"
listen    = ["192.0.2.1", "2001:db8::1"]
port      = 1179

[control]
socket = "/run/h/c.sock"
mode   = "0600"
group  = "noc"

[log]
level  = "debug"
format = "json"

[state]
directory = "/var/h"

[defaults.neighbor]
remote_as = 64500
connect_retry = "2s"

[defaults.check]
interval = "4s"

[[neighbor]]
name          = "leaf1"
address       = "198.51.100.1"
description   = "rack 1 – left"
local_address = "198.51.100.2"
port          = 1790
passive       = true
shutdown      = true
hold_time     = "9s"
connect_retry = "1s"
password      = "secret"
ttl_security  = 1
families      = ["ipv6", "ipv4"]
next_hop      = "198.51.100.3"
next_hop_ipv6 = "2001:db8::3"
role          = "customer"
graceful_restart = "0s"
prepend       = 2
communities   = ["64500:100", "no-export"]
large_communities    = ["65010:1:2"]
extended_communities = ["rt:65010:100", "soo:65010:1"]
med           = 50

[neighbor.when.degraded]
prepend     = 4
med         = 60
communities = ["64500:80"]

[neighbor.when.down]
withdraw = true

[[neighbor]]
address    = "2001:db8::2"
remote_as  = 4200000001
multihop   = 5
hold_time  = "0s"
local_pref = 200
extended_nexthop = true

[[service]]
name        = "dns"
prefixes    = ["192.0.2.0/24", "2001:db8:53::/48"]
neighbors   = ["leaf1", "2001:db8::2"]
communities = ["65010:53"]
large_communities    = ["65010:5:3"]
extended_communities = ["rt:192.0.2.1:5"]
med         = 10
require     = "any"
on_down     = "deprefer"
drain_time  = "1m"
drain_file  = "/run/maintenance"
hold_down   = "3s"
hold_down_max = "1m"
addresses   = ["192.0.2.53", "2001:db8:53::53"]
manage_addresses = true
interface   = "any0"

[[service.check]]
type    = "exec"
command = ["/bin/check", "-H", "x y"]
protocol = "nagios"
name    = "resolve"
fast_interval = "500ms"
timeout = "1s"
rise    = 2
fall    = 1
on_fail = "degrade"

[[service.check]]
type    = "tcp"
address = "[::1]:53"
send    = "PING\r\n\u0001"
expect  = "PONG"

[[service]]
name     = "quiet"
prefixes = ["203.0.113.0/24"]
)";

bgp::community_lists communities(std::vector<net::community> standard,
                                 std::vector<net::large_community> large,
                                 std::vector<std::uint64_t> extended) {
    bgp::community_lists lists{std::move(standard), std::move(large), {}};
    for (auto octets : extended)
        lists.extended.push_back(net::extended_community{octets});
    return lists;
}

peering::neighbor_settings leaf() {
    peering::neighbor_settings leaf;
    leaf.name = "leaf1";
    leaf.description = "rack 1 – left";
    leaf.address = ip::make_address("198.51.100.1");
    leaf.local_address = ip::make_address("198.51.100.2");
    leaf.port = 1790;
    leaf.passive = true;
    leaf.shutdown = true;
    leaf.password = "secret";
    leaf.ttl_security = 1;
    leaf.next_hop = ip::make_address_v4("198.51.100.3");
    leaf.next_hop_ipv6 = ip::make_address_v6("2001:db8::3");
    leaf.session.local_as = 4200000001;
    leaf.session.remote_as = 64500;
    leaf.session.router_id = 0xC000020A;
    leaf.session.hold_time = 9s;
    leaf.session.connect_retry = 1s;
    leaf.session.families = {address_family::ipv4, address_family::ipv6};
    leaf.session.role = wire::bgp_role::customer;
    leaf.policy.local_as = 4200000001;
    leaf.policy.internal = false;
    leaf.policy.role = wire::bgp_role::customer;
    leaf.policy.prepend = 2;
    leaf.policy.med = 50;
    leaf.policy.communities =
        communities({net::community{0xFBF40064}, net::community::no_export}, {{65010, 1, 2}},
                    {0x0002FDF200000064, 0x0003FDF200000001});
    leaf.policy.degraded.prepend = 4;
    leaf.policy.degraded.med = 60;
    leaf.policy.degraded.communities.standard = {net::community{0xFBF40050}};
    leaf.policy.down.withdraw = true;
    return leaf;
}

peering::neighbor_settings core() {
    peering::neighbor_settings core;
    core.name = "2001:db8::2";
    core.address = ip::make_address("2001:db8::2");
    core.multihop = 5;
    core.session.local_as = 4200000001;
    core.session.remote_as = 4200000001;
    core.session.router_id = 0xC000020A;
    core.session.hold_time = 0s;
    core.session.connect_retry = 2s;
    core.session.families = {address_family::ipv4, address_family::ipv6};
    core.session.extended_next_hop = true;
    core.policy.local_as = 4200000001;
    core.policy.internal = true;
    core.policy.local_pref = 200;
    return core;
}

service_entry whole_service() {
    service_entry whole;
    whole.service.name = "dns";
    whole.service.prefixes = {*net::ip_prefix::parse("192.0.2.0/24"),
                              *net::ip_prefix::parse("2001:db8:53::/48")};
    whole.service.neighbors = {"leaf1", "2001:db8::2"};
    whole.service.require = 1;
    whole.service.deprefer_when_down = true;
    whole.service.drain_time = 60s;
    whole.service.drain_file = "/run/maintenance";
    whole.service.hold_down = 3s;
    whole.service.hold_down_max = 60s;
    whole.service.addresses = {ip::make_address("192.0.2.53"), ip::make_address("2001:db8:53::53")};
    whole.service.manage_addresses = true;
    whole.service.interface = "any0";
    whole.exported.communities =
        communities({net::community{0xFDF20035}}, {{65010, 5, 3}}, {0x0102C00002010005});
    whole.exported.med = 10;
    using protocol = health::exec_settings::exit_protocol;
    whole.checks = {
        {"resolve", 4s, 500ms, 1s, 2, 1, true,
         health::exec_settings{{"/bin/check", "-H", "x y"}, protocol::nagios}},
        {"tcp", 4s, 1s, 2s, 3, 3, false, health::tcp_settings{"::1", 53, "PING\r\n\x01", "PONG"}},
    };
    return whole;
}

} // namespace

TEST_CASE("parse: a file with every key becomes these settings") {
    configuration expected;
    expected.local_as = 4200000001;
    expected.router_id = 0xC000020A;
    expected.listen.addresses = {ip::make_address("192.0.2.1"), ip::make_address("2001:db8::1")};
    expected.listen.port = 1179;
    expected.control.socket = "/run/h/c.sock";
    expected.control.mode = 0600;
    expected.control.group = "noc";
    expected.log.level = daemon::log_level::debug;
    expected.log.format = daemon::log_format::json;
    expected.state.directory = "/var/h";
    expected.neighbors = {leaf(), core()};
    expected.services = {whole_service(), {}};
    expected.services.back().service.name = "quiet";
    expected.services.back().service.prefixes = {*net::ip_prefix::parse("203.0.113.0/24")};

    const auto result = parse(text, "f");
    CHECK(to_lines(result.problems) == lines{});
    REQUIRE(result.settings);
    CHECK(result.settings->neighbors == expected.neighbors);
    CHECK(result.settings->services == expected.services);
    CHECK(*result.settings == expected);
}

} // namespace herald::config::test
