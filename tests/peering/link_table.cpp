#include "herald/peering/link_table.hpp"

#include <doctest/doctest.h>

using namespace herald::peering;
namespace ip = boost::asio::ip;
using ip::make_address;
using ip::make_address_v4;
using ip::make_address_v6;

namespace {

constexpr int lo = 1, eth0 = 2, eth1 = 3;

link_message interface(int index, const char* name, bool running = true) {
    return interface_message{index, false, name, running};
}

link_message no_interface(int index) {
    return interface_message{index, true, {}, false};
}

link_message address(int index, const char* text, unsigned length, address_state state = {}) {
    return address_message{index, false, {make_address(text), length, {}}, state};
}

link_message no_address(int index, const char* text, unsigned length) {
    return address_message{index, true, {make_address(text), length, {}}, {}};
}

const auto session = make_address("198.51.100.2");
const std::vector<link_message> usual{interface(lo, "lo"),
                                      interface(eth0, "eth0"),
                                      address(lo, "127.0.0.1", 8),
                                      address(lo, "192.0.2.1", 32),
                                      address(eth0, "198.51.100.2", 30),
                                      address(lo, "::1", 128),
                                      address(lo, "2001:db8::1", 128),
                                      address(eth0, "2001:db8:1::2", 64),
                                      address(eth0, "fe80::2", 64)};

/// A table with the usual interfaces, which was told of these besides.
link_table table(const std::vector<link_message>& besides = {}) {
    link_table made;
    made.replace(usual, besides);
    return made;
}

/// The IPv6 next hop beside the usual session: its text, or "none".
std::string ipv6(const link_table& in) {
    const auto found = in.beside(session).ipv6;
    return found ? found->to_string() : "none";
}

constexpr address_state unusable{.unusable = true};
constexpr address_state deprecated{.deprecated = true};
constexpr address_state temporary{.secondary = true};

} // namespace

TEST_CASE("link_table: beside the session's address are the others of its interface") {
    const auto beside = table().beside(session);
    CHECK(beside.name == "eth0");
    CHECK(beside.ipv4 == make_address_v4("198.51.100.2"));
    CHECK(beside.ipv6 == make_address_v6("2001:db8:1::2"));
    CHECK(beside.link_local == make_address_v6("fe80::2"));
    CHECK_FALSE(beside.unreadable);
}

TEST_CASE("link_table: beside an address that no interface has is nothing") {
    CHECK(table().beside(make_address("203.0.113.1")).name.empty());
    CHECK(table({no_address(eth0, "198.51.100.2", 30)}).beside(session).name.empty());
    CHECK(table({no_interface(eth0)}).beside(session).name.empty());
    CHECK(table({no_interface(eth0)}).beside(make_address("2001:db8:1::2")).name.empty());
}

TEST_CASE("link_table: an interface has a session's address while it has it in any network") {
    auto both = table({address(eth0, "198.51.100.2", 24)});
    CHECK(both.apply(no_address(eth0, "198.51.100.2", 30)));
    CHECK(both.beside(session).name == "eth0");
    CHECK(both.apply(no_address(eth0, "198.51.100.2", 24)));
    CHECK(both.beside(session).name.empty());
}

TEST_CASE("link_table: loopback addresses count only if the session runs over one") {
    const auto router = table().beside(make_address("192.0.2.1"));
    CHECK(router.name == "lo");
    CHECK(router.ipv4 == make_address_v4("192.0.2.1"));
    CHECK(router.ipv6 == make_address_v6("2001:db8::1"));
    const auto inside = table().beside(make_address("127.0.0.1"));
    CHECK(inside.ipv4 == make_address_v4("127.0.0.1"));
    CHECK(inside.ipv6 == make_address_v6("::1"));
}

TEST_CASE("link_table: a link-local address is looked for on the link of its scope, RFC 4007 §6") {
    const auto twice = table({interface(eth1, "eth1"), address(eth1, "fe80::2", 64)});
    const auto bytes = make_address_v6("fe80::2").to_bytes();
    CHECK(twice.beside(ip::address_v6(bytes, eth0)).name == "eth0");
    CHECK(twice.beside(ip::address_v6(bytes, eth1)).name == "eth1");
    CHECK(twice.beside(ip::address_v6(bytes, lo)).name.empty());
    CHECK(twice.beside(ip::address_v6(bytes, eth0)).link_local == make_address_v6("fe80::2"));
}

TEST_CASE("link_table: of two interfaces with the session's address it is the one that runs") {
    auto twice = table({interface(eth1, "eth1"), address(eth1, "198.51.100.2", 32)});
    CHECK(twice.beside(session).name == "eth1"); // as getifaddrs would have it
    CHECK(twice.apply(interface(eth1, "eth1", false)));
    CHECK(twice.beside(session).name == "eth0");
}

TEST_CASE("link_table: an interface may be told of after its addresses, and change its name") {
    link_table late;
    CHECK(late.apply(address(eth0, "198.51.100.2", 30)));
    CHECK(late.beside(session).name.empty());
    CHECK(late.apply(interface(eth0, "eth0")));
    CHECK(late.beside(session).name == "eth0");
    CHECK(late.apply(interface(eth0, "uplink")));
    CHECK(late.beside(session).name == "uplink");
}

TEST_CASE("link_table: an unusable address is no next hop until it is usable, RFC 4862 §5.4") {
    auto checked = table({address(eth0, "2001:db8:1::3", 64, unusable)});
    CHECK(ipv6(checked) == "2001:db8:1::2");
    CHECK(checked.apply(no_address(eth0, "2001:db8:1::2", 64)));
    CHECK(ipv6(checked) == "none");
    CHECK(checked.apply(address(eth0, "2001:db8:1::3", 64)));
    CHECK(ipv6(checked) == "2001:db8:1::3");
    CHECK(table({address(eth0, "198.51.100.2", 30, unusable)}).beside(session).name == "eth0");
}

TEST_CASE("link_table: a deprecated or temporary address is the next hop if there is no other") {
    auto in = table({address(eth0, "2001:db8:1::2", 64, deprecated)});
    CHECK(ipv6(in) == "2001:db8:1::2");
    CHECK(in.apply(address(eth0, "2001:db8:1::3", 64, temporary)));
    CHECK(ipv6(in) == "2001:db8:1::3");
    CHECK(in.apply(address(eth0, "2001:db8:1::4", 64)));
    CHECK(in.apply(address(eth0, "2001:db8:1::5", 64, {.deprecated = true, .secondary = true})));
    CHECK(ipv6(in) == "2001:db8:1::4");
}

TEST_CASE("link_table: an excluded address is no next hop, and nobody is told what becomes of it") {
    auto in = table({address(eth0, "2001:db8:53::53", 128)});
    CHECK(ipv6(in) == "2001:db8:53::53");
    CHECK(in.exclude({make_address("2001:db8:53::53")}));
    CHECK_FALSE(in.exclude({make_address("2001:db8:53::53")}));
    CHECK(ipv6(in) == "2001:db8:1::2");
    CHECK_FALSE(in.apply(no_address(eth0, "2001:db8:53::53", 128)));
    CHECK_FALSE(in.apply(address(eth0, "2001:db8:53::53", 128)));
    CHECK(ipv6(in) == "2001:db8:1::2");
    CHECK(in.exclude({}));
    CHECK(ipv6(in) == "2001:db8:53::53");
}

TEST_CASE(
    "link_table: the newest IPv6 address is the first, and the oldest IPv4 one, as the kernel "
    "lists them") {
    const auto newer =
        table({address(eth0, "2001:db8:1::3", 64), address(eth0, "198.51.100.1", 24)});
    CHECK(ipv6(newer) == "2001:db8:1::3");
    CHECK(newer.beside(session).ipv4 == make_address_v4("198.51.100.2"));
    link_table listed;
    listed.replace(std::vector{interface(eth0, "eth0"), address(eth0, "198.51.100.2", 30),
                               address(eth0, "2001:db8:1::9", 64),
                               address(eth0, "2001:db8:1::3", 64)},
                   {});
    CHECK(ipv6(listed) == "2001:db8:1::9");
}

TEST_CASE(
    "link_table: a secondary IPv4 address that comes first in its network is behind the others") {
    auto in = table(
        {address(eth0, "198.51.100.1", 30, {.secondary = true}), address(eth0, "203.0.113.1", 24)});
    CHECK(in.apply(no_address(eth0, "198.51.100.2", 30)));
    CHECK(in.apply(address(eth0, "198.51.100.1", 30)));
    CHECK(in.beside(make_address("2001:db8:1::2")).ipv4 == make_address_v4("203.0.113.1"));
}

TEST_CASE(
    "link_table: what is told again, and interfaces that nobody can ask for, change nothing") {
    auto in = table();
    for (const auto& message : usual)
        CHECK_FALSE(in.apply(message));
    CHECK_FALSE(in.apply(interface(eth1, "eth1")));
    CHECK_FALSE(in.apply(interface(eth1, "eth1", false)));
    CHECK_FALSE(in.apply(no_interface(eth1)));
    CHECK_FALSE(in.apply(no_interface(eth1)));
    CHECK_FALSE(in.apply(no_address(eth1, "203.0.113.1", 32)));
    CHECK_FALSE(in.apply(no_address(eth0, "203.0.113.1", 32)));
}

TEST_CASE("link_table: a list replaces all, and only what is otherwise then is a change") {
    auto in = table();
    CHECK_FALSE(in.replace(usual, {}));
    auto fewer = usual;
    std::erase(fewer, address(eth0, "2001:db8:1::2", 64));
    CHECK(in.replace(fewer, {}));
    CHECK(ipv6(in) == "none");
    CHECK_FALSE(in.replace(fewer, {}));
    CHECK(in.replace(fewer, std::vector{address(eth0, "2001:db8:1::2", 64)}));
    CHECK(ipv6(in) == "2001:db8:1::2");
    CHECK_FALSE(in.replace(usual, {}));
    // Neither is an excluded address that is there no more.
    in.exclude({make_address("2001:db8::1")});
    auto without = usual;
    std::erase(without, address(lo, "2001:db8::1", 128));
    CHECK_FALSE(in.replace(without, {}));
}

TEST_CASE("link_table: what was told while the kernel made its list is applied on top of it") {
    // The list is newer than the first two and older than the last.
    const auto in =
        table({no_address(eth0, "2001:db8:1::2", 64), address(eth0, "2001:db8:1::2", 64),
               address(eth0, "2001:db8:1::3", 64), no_address(eth0, "2001:db8:1::3", 64)});
    CHECK(ipv6(in) == "2001:db8:1::2");
}

TEST_CASE("link_table: an address is on a link if an interface has one of its network, or is its "
          "other end") {
    const auto links = table({address_message{
        eth1, false, {make_address("203.0.113.1"), 32, make_address("203.0.113.9")}, {}}});
    for (const auto* const text : {"198.51.100.1", "2001:db8:1::ffff", "203.0.113.9", "fe80::7"})
        CHECK(links.on_link(make_address(text)));
    for (const auto* const text : {"198.51.100.4", "192.0.2.2", "203.0.113.2", "2001:db8:2::1"})
        CHECK_FALSE(links.on_link(make_address(text)));
}

TEST_CASE("link_table: a link is there when it runs and has a link-local address that can be "
          "used") {
    CHECK(table().link("eth0") == link_state{eth0, make_address_v6("fe80::2%2")});
    CHECK_FALSE(table().link("lo"));
    CHECK_FALSE(table().link("eth9"));
    CHECK_FALSE(table({interface(eth0, "eth0", false)}).link("eth0"));
    CHECK_FALSE(table({address(eth0, "fe80::2", 64, unusable)}).link("eth0"));
    CHECK_FALSE(table({no_interface(eth0)}).link("eth0"));
    CHECK(table({no_interface(eth0), interface(7, "eth0"), address(7, "fe80::7", 64)})
              .link("eth0")
              ->index == 7);
}
