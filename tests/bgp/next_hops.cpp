#include "herald/bgp/next_hops.hpp"

#include <cerrno>
#include <doctest/doctest.h>

using namespace herald;
using namespace herald::bgp;
using boost::asio::ip::make_address;
using boost::asio::ip::make_address_v4;
using boost::asio::ip::make_address_v6;
using net::address_family;

namespace {

const interface_addresses eth0{"eth0", make_address_v4("198.51.100.2"),
                               make_address_v6("2001:db8::2"), make_address_v6("fe80::2")};

wire::next_hop global(const char* address) {
    return {make_address(address), std::nullopt};
}

} // namespace

TEST_CASE("next hop: the session's own address for its own family, RFC 4271 §5.1.3") {
    CHECK(choose_next_hop(address_family::ipv4, {}, make_address("198.51.100.2"), eth0, false) ==
          global("198.51.100.2"));
    CHECK(choose_next_hop(address_family::ipv6, {}, make_address("2001:db8::2"), eth0, false) ==
          global("2001:db8::2"));
}

TEST_CASE("next hop: the interface's other address for the other family") {
    CHECK(choose_next_hop(address_family::ipv6, {}, make_address("198.51.100.2"), eth0, false) ==
          global("2001:db8::2"));
    CHECK(choose_next_hop(address_family::ipv4, {}, make_address("2001:db8::2"), eth0, false) ==
          global("198.51.100.2"));
}

TEST_CASE("next hop: what is configured wins") {
    configured_next_hops configured;
    configured.ipv4 = make_address_v4("203.0.113.1");
    configured.ipv6 = make_address_v6("2001:db8::ffff");
    CHECK(choose_next_hop(address_family::ipv4, configured, make_address("198.51.100.2"), eth0,
                          false) == global("203.0.113.1"));
    CHECK(choose_next_hop(address_family::ipv6, configured, make_address("198.51.100.2"), eth0,
                          false) == global("2001:db8::ffff"));
}

TEST_CASE("next hop: IPv4 prefixes get the IPv6 one where that was negotiated, RFC 8950 §4") {
    CHECK(choose_next_hop(address_family::ipv4, {}, make_address("2001:db8::2"), eth0, true) ==
          global("2001:db8::2"));
}

TEST_CASE("next hop: over a link-local session the link-local address goes beside the global one, "
          "without its scope, RFC 2545 §3") {
    auto scoped = boost::asio::ip::address_v6(make_address_v6("fe80::2").to_bytes(), 7);
    CHECK(choose_next_hop(address_family::ipv6, {}, scoped, eth0, false) ==
          wire::next_hop{make_address("2001:db8::2"), make_address_v6("fe80::2")});
    CHECK(choose_next_hop(address_family::ipv6, {}, scoped, {"eth0", {}, {}, {}}, false) ==
          global("fe80::2"));
}

TEST_CASE("next hop: where there is none, it says why") {
    interface_addresses bare{"eth0", make_address_v4("198.51.100.2"), std::nullopt, std::nullopt};
    CHECK(choose_next_hop(address_family::ipv6, {}, make_address("198.51.100.2"), bare, false) ==
          std::unexpected("eth0 has no IPv6 address to be the next hop"));
    const interface_addresses unread{"", {}, {}, {}, {EMFILE, boost::system::system_category()}};
    CHECK(choose_next_hop(address_family::ipv6, {}, make_address("198.51.100.2"), unread, false) ==
          std::unexpected("the interfaces could not be read, so there is no IPv6 next hop yet: "
                          "Too many open files"));
}
