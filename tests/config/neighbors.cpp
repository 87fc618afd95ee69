#include "tests/config/support.hpp"

#include <memory>
#include <net/if.h>
#include <string_view>

namespace herald::config::test {

using namespace std::chrono_literals;
namespace ip = boost::asio::ip;

namespace {

/// An interface of this machine that is not lo; empty when there is none.
std::string other_interface() {
    const std::unique_ptr<struct if_nameindex, decltype(&::if_freenameindex)> all(
        ::if_nameindex(), &::if_freenameindex);
    for (const auto* one = all.get(); one != nullptr && one->if_name != nullptr; ++one)
        if (std::string_view(one->if_name) != "lo")
            return one->if_name;
    return {};
}

} // namespace

TEST_CASE("parse: a neighbor of the least that there must be has the contract's defaults") {
    peering::neighbor_settings expected;
    expected.name = "198.51.100.1";
    expected.address = ip::make_address("198.51.100.1");
    expected.session.local_as = 65010;
    expected.session.remote_as = 64500;
    expected.session.router_id = 0xC000020A;
    expected.session.hold_time = 30s;
    expected.session.connect_retry = 5s;
    expected.session.families = {net::address_family::ipv4};
    expected.policy.local_as = 65010;
    expected.policy.internal = false;
    CHECK(neighbor_of(in_neighbor("")) == expected);
}

TEST_CASE("parse: a neighbor's keys, wrong one by one") {
    check_rows({
        {in_neighbor("hold_time = \"2s\""),
         {"f:10:13: neighbor.hold_time: expected 0s, or whole seconds from 3s, not 2s"}},
        {in_neighbor("hold_time = \"3500ms\""),
         {"f:10:13: neighbor.hold_time: expected 0s, or whole seconds from 3s, not 3500ms"}},
        {in_neighbor("hold_time = \"19h\""),
         {"f:10:13: neighbor.hold_time: expected 0s to 65535s, not 19h"}},
        {in_neighbor("hold_time = 30"),
         {"f:10:13: neighbor.hold_time: expected a string such as \"30s\", not an integer"}},
        {in_neighbor("connect_retry = \"0s\""),
         {"f:10:17: neighbor.connect_retry: expected 1ms to 24h, not 0s"}},
        {in_neighbor("port = 0"),
         {"f:10:8: neighbor.port: expected an integer from 1 to 65535, not 0"}},
        {in_neighbor("shutdown = \"no\""),
         {"f:10:12: neighbor.shutdown: expected true or false, not a string"}},
        {in_neighbor("name = \"a/b\""),
         {"f:10:8: neighbor.name: \"a/b\": not a name: expected up to 64 letters, digits and . _ : "
          "% -"}},
        {in_neighbor("name = \"..\""),
         {"f:10:8: neighbor.name: \"..\": not a name: expected up to 64 letters, digits and . _ : "
          "% -"}},
        {in_neighbor("name = \"" + std::string(65, 'n') + "\""),
         {"f:10:8: neighbor.name: \"" + std::string(64, 'n') +
          "…\": not a name: expected up to 64 letters, digits and . _ : % -"}},
        {in_neighbor("description = \"a\\u001b[2Jb\""),
         {"f:10:15: neighbor.description: has control characters"}},
        {in_neighbor("description = \"" + std::string(256, 'd') + "\""),
         {"f:10:15: neighbor.description: longer than 255 octets"}},
        {in_neighbor("next_hop = \"2001:db8::1\""),
         {"f:10:12: neighbor.next_hop: \"2001:db8::1\": not the IPv4 address of a host, such as "
          "192.0.2.1"}},
        {in_neighbor("next_hop_ipv6 = \"192.0.2.1\""),
         {"f:10:17: neighbor.next_hop_ipv6: \"192.0.2.1\": not the global IPv6 address of a host, "
          "such as 2001:db8::1"}},
        {in_neighbor("next_hop = \"198.51.100.1\""),
         {"f:10:12: neighbor.next_hop: the neighbor's own address"}},
        {in_neighbor("role = \"transit\""),
         {"f:10:8: neighbor.role: \"transit\": expected one of provider, rs, rs-client, customer, "
          "peer"}},
        {in_neighbor("prepend = 65"),
         {"f:10:11: neighbor.prepend: expected an integer from 0 to 64, not 65"}},
        {in_neighbor("med = -1"),
         {"f:10:7: neighbor.med: expected an integer from 0 to 4294967295, not -1"}},
    });
}

TEST_CASE("parse: addresses of a neighbor and of this end") {
    const auto at = [](const std::string& address) {
        return bgp + service + "[[neighbor]]\nremote_as = 64500\naddress = \"" + address + "\"\n";
    };
    const std::string begin = "f:9:11: neighbor.address: ";
    check_rows({
        {at("198.51.100"),
         {begin + "\"198.51.100\": not an IP address, such as 192.0.2.1 or 2001:db8::1"}},
        {at("leaf1.example"),
         {begin + "\"leaf1.example\": not an IP address, such as 192.0.2.1 or 2001:db8::1"}},
        {at("0.0.0.0"), {begin + "\"0.0.0.0\": not the address of one host"}},
        {at("255.255.255.255"), {begin + "\"255.255.255.255\": not the address of one host"}},
        {at("ff02::1"), {begin + "\"ff02::1\": not the address of one host"}},
        {at("::ffff:192.0.2.1"),
         {begin + "\"::ffff:192.0.2.1\": an IPv4 address in an IPv6 one: write it as IPv4"}},
        {at("fe80::1"),
         {begin + "\"fe80::1\": a link-local address needs its interface, such as "
                  "fe80::1%eth0"}},
        {at("2001:db8::1%lo"),
         {begin + "\"2001:db8::1%lo\": only an IPv6 link-local address takes an interface"}},
        {at("fe80::1%no-such"),
         {begin + "\"fe80::1%no-such\": this machine has no interface of that name"}},
        {at("192.0.2.1\\u0000"), {begin + "has a NUL character"}},
        {in_neighbor("local_address = \"2001:db8::2\""),
         {"f:10:17: neighbor.local_address: expected an IPv4 address, as the neighbor's is"}},
        {in_neighbor("local_address = \"198.51.100.1\""),
         {"f:10:17: neighbor.local_address: the neighbor's own address"}},
    });
}

TEST_CASE("parse: a link-local neighbor keeps the scope of its interface, RFC 4007 §11") {
    const auto found =
        neighbor_of(bgp + service + "[[neighbor]]\naddress = \"fe80::1%lo\"\nremote_as = 64500\n");
    CHECK(found.address == ip::address(ip::make_address_v6("fe80::1%1"))); // lo is always 1
    CHECK(found.name == "fe80::1%lo");
}

TEST_CASE("parse: a neighbor on a link has no address, and IPv4 prefixes go with an IPv6 next "
          "hop, RFC 8950") {
    const auto found =
        neighbor_of(bgp + service + "[[neighbor]]\ninterface = \"eth0\"\nremote_as = 64500\n");
    CHECK(found.interface == "eth0");
    CHECK(found.name == "eth0");
    CHECK_FALSE(peering::is_found(found));
    CHECK(found.session.extended_next_hop);
    const auto with_next_hop =
        neighbor_of(bgp + service +
                    "[[neighbor]]\ninterface = \"eth0\"\nname = \"leaf\"\nremote_as = "
                    "64500\nnext_hop = \"192.0.2.1\"\n");
    CHECK(with_next_hop.name == "leaf");
    CHECK_FALSE(with_next_hop.session.extended_next_hop);
}

TEST_CASE("parse: what a neighbor on a link cannot have is refused, and there is one on a link") {
    const auto on_link = [](const std::string& keys) {
        return bgp + service + "[[neighbor]]\ninterface = \"eth0\"\nremote_as = 64500\n" + keys +
               "\n";
    };
    check_rows({
        {bgp + service + "[[neighbor]]\nremote_as = 64500\n",
         {"f:7:1: neighbor.address: missing, but required where there is no interface"}},
        {bgp + service + "[[neighbor]]\ninterface = \"a/b\"\nremote_as = 64500\n",
         {"f:8:13: neighbor.interface: \"a/b\": not an interface's name: expected up to 15 "
          "printable characters other than /"}},
        {on_link("address = \"198.51.100.1\""),
         {"f:8:13: neighbor.interface: in place of address, not beside it"}},
        {on_link("local_address = \"fe80::1%lo\""),
         {"f:10:17: neighbor.local_address: a neighbor on a link is spoken to from the link's own "
          "address"}},
        {on_link("multihop = 2"),
         {"f:10:12: neighbor.multihop: a neighbor on a link is one hop away"}},
        {on_link("passive = true"),
         {"f:10:11: neighbor.passive: the neighbor can only dial where bgp.listen has an IPv6 "
          "address"}},
        {on_link("[[neighbor]]\ninterface = \"eth0\"\nname = \"b\"\nremote_as = 64501"),
         {"f:11:13: neighbor.interface: another neighbor is the one on eth0"}},
    });
}

TEST_CASE("parse: a neighbor's AS is needed, and none of the reserved ones") {
    const auto with = [](const std::string& key) {
        return bgp + service + "[[neighbor]]\naddress = \"198.51.100.1\"\n" + key + "\n";
    };
    check_rows({
        {with(""), {"f:7:1: neighbor.remote_as: missing, but required"}},
        {with("remote_as = 0"),
         {"f:9:13: neighbor.remote_as: expected an integer from 1 to 4294967295, not 0"}},
        {with("remote_as = 23456"),
         {"f:9:13: neighbor.remote_as: 23456 is reserved (RFC 6793, RFC 7300)"}},
    });
}

TEST_CASE("parse: remote_as may be \"internal\", our own AS, or \"external\", any other") {
    const auto with = [](const std::string& as, const std::string& more = "") {
        return bgp + service + "[[neighbor]]\naddress = \"198.51.100.1\"\nremote_as = " + as +
               "\n" + more + "\n";
    };
    const auto internal = neighbor_of(with("\"internal\"", "local_pref = 7"));
    CHECK(internal == neighbor_of(with("65010", "local_pref = 7")));
    CHECK(internal.policy.internal);
    const auto external = neighbor_of(with("\"external\"", "prepend = 1\nrole = \"customer\""));
    CHECK(external.session.remote_as == std::nullopt);
    CHECK_FALSE(external.session.internal());
    CHECK_FALSE(external.policy.internal);
    const auto by_default = neighbor_of(bgp + service +
                                        "[defaults.neighbor]\nremote_as = "
                                        "\"internal\"\n[[neighbor]]\naddress = "
                                        "\"198.51.100.1\"\n");
    CHECK(by_default.session.remote_as == 65010);

    const std::string begin = "f:9:13: neighbor.remote_as: ";
    check_rows({
        {with("\"internal\"", "prepend = 1"),
         {"f:10:11: neighbor.prepend: for eBGP only, and this session is iBGP"}},
        {with("\"internal\"", "role = \"peer\""),
         {"f:10:8: neighbor.role: for eBGP only, and this session is iBGP"}},
        {with("\"external\"", "local_pref = 1"),
         {"f:10:14: neighbor.local_pref: for iBGP only, and this session is eBGP"}},
        {with("\"64500\""),
         {begin + "\"64500\": expected an AS number without quotes, "
                  "\"external\" or \"internal\""}},
        {with("true"),
         {begin + "expected an AS number, \"external\" or \"internal\", not a boolean"}},
    });
}

TEST_CASE("parse: what only one kind of session has is refused on the other") {
    const std::string external_only = "for eBGP only, and this session is iBGP";
    const std::string internal_only = "for iBGP only, and this session is eBGP";
    check_rows({
        {in_internal_neighbor("prepend = 1"), {"f:10:11: neighbor.prepend: " + external_only}},
        {in_internal_neighbor("role = \"peer\""), {"f:10:8: neighbor.role: " + external_only}},
        {in_internal_neighbor("[neighbor.when.down]\nprepend = 1"),
         {"f:11:11: neighbor.when.down.prepend: " + external_only}},
        {in_internal_neighbor("local_pref = 200\n[neighbor.when.down]\nlocal_pref = 5"), {}},
        {in_neighbor("local_pref = 200"), {"f:10:14: neighbor.local_pref: " + internal_only}},
        {in_neighbor("[neighbor.when.draining]\nlocal_pref = 0"),
         {"f:11:14: neighbor.when.draining.local_pref: " + internal_only}},
        {in_neighbor("prepend = 1\nrole = \"peer\""), {}},
    });
}

TEST_CASE("parse: keys that exclude each other") {
    check_rows({
        {in_neighbor("ttl_security = 1\nmultihop = 2"),
         {"f:10:16: neighbor.ttl_security: excludes multihop: leave one of them out"}},
        {in_neighbor("ttl_security = 255"),
         {"f:10:16: neighbor.ttl_security: expected an integer from 1 to 254, not 255"}},
        {in_neighbor("multihop = 0"),
         {"f:10:12: neighbor.multihop: expected an integer from 1 to 255, not 0"}},
        {in_neighbor("extended_nexthop = true\nnext_hop = \"192.0.2.1\""),
         {"f:10:20: neighbor.extended_nexthop: excludes next_hop: leave one of them out"}},
        {in_internal_neighbor("extended_nexthop = true\nfamilies = [\"ipv6\"]"),
         {"f:10:20: neighbor.extended_nexthop: carries IPv4 prefixes, but families has no ipv4"}},
        {in_neighbor("extended_nexthop = true"),
         {"f:10:20: warning: neighbor.extended_nexthop: of no use: over IPv4 there is an IPv4 next "
          "hop"}},
        {in_internal_neighbor("extended_nexthop = true"), {}},
    });
}

TEST_CASE("parse: a passive neighbor needs a listener of its family") {
    const auto listening = [](const std::string& address) {
        return bgp + "listen = [\"" + address + "\"]\n" + service + neighbor + "passive = true\n";
    };
    const std::string wrong =
        "neighbor.passive: the neighbor can only dial where bgp.listen has an "
        "IPv4 address";
    check_rows({
        {in_neighbor("passive = true"), {"f:10:11: " + wrong}},
        {listening("::"), {"f:11:11: " + wrong}},
        {listening("0.0.0.0"), {}},
    });
}

TEST_CASE("parse: neighbors of one link-local address on two links have one password, or no "
          "listener" *
          doctest::skip(other_interface().empty())) {
    const auto there = "fe80::1%" + other_interface();
    const auto both = [&](const std::string& listen, const std::string& first,
                          const std::string& second) {
        return bgp + listen + service + "[[neighbor]]\nremote_as = 64500\n" + first +
               "address = \"fe80::1%lo\"\n[[neighbor]]\nremote_as = 64500\n" + second +
               "address = \"" + there + "\"\n";
    };
    const std::string listening = "listen = [\"0.0.0.0\", \"::\"]\n", key = "password = \"a\"\n",
                      other_key = "password = \"b\"\n";
    const auto refused = [](const std::string& where) {
        return lines{where + ": neighbor.address: fe80::1%lo has this address on another link, and "
                             "not the same password: the system cannot tell their connections "
                             "apart; give both one password, or take the IPv6 addresses from "
                             "bgp.listen"};
    };
    check_rows({
        {both(listening, key, other_key), refused("f:15:11")},
        {both(listening, key, ""), refused("f:14:11")},
        {both(listening, "", key), refused("f:14:11")},
        {both(listening, key, key), {}},
        {both(listening, "", ""), {}},
        {both("listen = [\"0.0.0.0\"]\n", key, other_key), {}},
        {both("", key, other_key), {}},
    });
}

TEST_CASE(
    "parse: families are those of the services that the neighbor hears, or those it is given") {
    using net::address_family;
    const auto families = [](const std::string& text) {
        return neighbor_of(text).session.families;
    };
    const auto six =
        bgp + neighbor + "[[service]]\nname = \"six\"\nprefixes = [\"2001:db8::/32\"]\n";
    const net::family_set v4{address_family::ipv4}, v6{address_family::ipv6},
        both{address_family::ipv4, address_family::ipv6};
    CHECK(families(bgp + neighbor) == v4);
    CHECK(families(bgp + internal_neighbor) == v6);
    CHECK(families(six) == v6);
    CHECK(families(six + "neighbors = [\"198.51.100.1\"]\n") == v6);
    CHECK(families(six + service) == both);
    CHECK(families(in_neighbor("families = [\"ipv6\"]")) == v6);
    check_rows({
        {in_neighbor("families = []"),
         {"f:10:12: neighbor.families: names no family: expected ipv4, ipv6 or both"}},
        {in_neighbor("families = [\"ipv5\"]"),
         {"f:10:13: neighbor.families: \"ipv5\": expected one of ipv4, ipv6"}},
        {in_neighbor("families = [\"ipv4\", \"ipv4\"]"),
         {"f:10:21: neighbor.families: ipv4 is there twice"}},
        {in_neighbor("families = [\"ipv4\", \"ipv6\", \"ipv4\"]"),
         {"f:10:12: neighbor.families: more than 2 elements"}},
    });
}

TEST_CASE("parse: a key of when replaces what is built in for it, and nothing else") {
    const auto found = neighbor_of(in_neighbor("[neighbor.when.degraded]\n"
                                               "med = 7\n"
                                               "[neighbor.when.draining]\n"
                                               "communities = [\"no-export\"]\n"
                                               "large_communities = [\"65010:1:2\"]\n"
                                               "[neighbor.when.down]\n"
                                               "prepend = 0\n"
                                               "withdraw = true"));
    auto degraded = bgp::built_in_degraded();
    degraded.med = 7;
    auto draining = bgp::built_in_draining();
    draining.communities.standard = {net::community::no_export};
    draining.communities.large = {{65010, 1, 2}};
    auto down = bgp::built_in_down();
    down.prepend = 0;
    down.withdraw = true;
    CHECK(found.policy.degraded == degraded);
    CHECK(found.policy.draining == draining);
    CHECK(found.policy.down == down);
}

TEST_CASE("parse: community lists are judged element by element, and must fit an UPDATE") {
    std::string many = "large_communities = [";
    for (int i = 0; i < 81; ++i)
        many += "\"65010:1:" + std::to_string(i) + "\",";
    check_rows({
        {in_neighbor("communities = [\"64500:1\", \"64500:65536\"]"),
         {"f:10:27: neighbor.communities: \"64500:65536\": not a community: expected two numbers "
          "up to 65535, such as 64500:100, or no-export, no-advertise, no-export-subconfed, "
          "no-peer, graceful-shutdown, blackhole"}},
        {in_neighbor("large_communities = [\"1:2\"]"),
         {"f:10:22: neighbor.large_communities: \"1:2\": not a large community: expected three "
          "numbers up to 4294967295, such as 65010:1:2"}},
        {in_neighbor("extended_communities = [\"xx:1:2\"]"),
         {"f:10:25: neighbor.extended_communities: \"xx:1:2\": not an extended community: expected "
          "rt or soo, an AS number or IPv4 address and a value, such as rt:65010:100"}},
        {in_neighbor(many + "]"),
         {"f:10:21: neighbor.large_communities: the community lists take 972 octets of an UPDATE, "
          "at most 960 fit"}},
    });
}

TEST_CASE("parse: a graceful restart time fits the field of 12 bits, RFC 4724 §3") {
    check_rows({
        {in_neighbor("graceful_restart = \"0s\""), {}},
        {in_neighbor("graceful_restart = \"2m\""), {}},
        {in_neighbor("graceful_restart = \"1500ms\""),
         {"f:10:20: neighbor.graceful_restart: expected whole seconds, not 1500ms"}},
        {in_neighbor("graceful_restart = \"4096s\""),
         {"f:10:20: neighbor.graceful_restart: expected 0s to 4095s, not 4096s"}},
    });
}

TEST_CASE("parse: two neighbors share neither name nor address") {
    const std::string other = "[[neighbor]]\naddress = \"198.51.100.2\"\nremote_as = 64500\n";
    check_rows({
        {bgp + service + neighbor + neighbor,
         {"f:11:11: neighbor.address: another neighbor has 198.51.100.1"}},
        {bgp + service + neighbor + "name = \"a\"\n" + other + "name = \"a\"",
         {"f:14:8: neighbor.name: another neighbor is named a"}},
        {bgp + service + neighbor + "name = \"198.51.100.2\"\n" + other,
         {"f:11:1: neighbor.name: another neighbor is named 198.51.100.2"}},
    });
}

TEST_CASE("parse: [defaults.neighbor] stands in for keys that a neighbor lacks") {
    const std::string defaults = "[defaults.neighbor]\n"
                                 "remote_as = 64999\n"
                                 "hold_time = \"9s\"\n"
                                 "multihop = 3\n"
                                 "communities = [\"64500:1\"]\n";
    const auto found = neighbor_of(bgp + service + defaults + neighbor +
                                   "hold_time = \"12s\"\nttl_security = 2\n");
    CHECK(found.session.remote_as == 64500);
    CHECK(found.session.hold_time == 12s);
    CHECK(found.ttl_security == 2);
    CHECK(found.multihop == std::nullopt);
    CHECK(found.policy.communities.standard == std::vector{net::community{0xFBF40001}});
}

TEST_CASE("parse: a default that does not suit a neighbor's kind of session is left out there") {
    const std::string defaults =
        "[defaults.neighbor]\nprepend = 2\nrole = \"peer\"\nlocal_pref = 150\n";
    const auto external = neighbor_of(bgp + service + defaults + neighbor).policy;
    CHECK(external.prepend == 2);
    CHECK(external.role == wire::bgp_role::peer);
    CHECK(external.local_pref == 100);
    const auto internal = neighbor_of(bgp + service + defaults + internal_neighbor).policy;
    CHECK(internal.prepend == 0);
    CHECK(internal.role == std::nullopt);
    CHECK(internal.local_pref == 150);
}

TEST_CASE("parse: a wrong default is one problem, however many neighbors have it") {
    CHECK(problems_of(bgp + "[defaults.neighbor]\nport = 0\n" + service + neighbor +
                      internal_neighbor) ==
          lines{"f:5:8: defaults.neighbor.port: expected an integer from 1 to 65535, not 0"});
}

TEST_CASE("parse: a neighbor that hears nothing is warned of, and the file is valid") {
    const auto result = parse(bgp + neighbor, "f");
    CHECK(to_lines(result.problems) ==
          lines{"f:4:1: warning: neighbor \"198.51.100.1\": no service is announced to it"});
    CHECK(result.settings.has_value());
}

} // namespace herald::config::test
