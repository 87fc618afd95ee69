#include "herald/peering/link_messages.hpp"

#include "tests/support/bytes.hpp"

#include <bit>
#include <cerrno>
#include <doctest/doctest.h>

using namespace herald;
using namespace herald::peering;
using boost::asio::ip::make_address;
using test::bytes;
using test::hex;
using test::join;

namespace {

/// The kernel speaks in the machine's byte order, and these bytes in that of most machines.
const bool other_order = std::endian::native != std::endian::little;

const auto eth0_runs = hex(R"(
    34000000  # length 52
    1000      # RTM_NEWLINK
    0000      # flags
    00000000  # sequence
    00000000  # from the kernel
    00 00     # no family
    0100      # Ethernet
    07000000  # index 7
    43100100  # up, broadcast, running, multicast, lower up
    00000000
    0900 0300 # IFLA_IFNAME, 9 octets with this header
    6574683000
    000000    # padding
    0500 1000 # IFLA_OPERSTATE
    06
    000000)");

const auto eth0_is_gone = hex(R"(
    2c000000  # length 44
    1100      # RTM_DELLINK
    0000 00000000 00000000
    00 00 0100
    07000000  # index 7
    02100000  # neither up nor running
    ffffffff
    0900 0300 6574683000 000000)");

const auto ipv4_on_eth0 = hex(R"(
    48000000  # length 72
    1400      # RTM_NEWADDR
    0200      # NLM_F_MULTI
    00000000 00000000
    02        # AF_INET
    1e        # /30
    80        # permanent
    00        # of the whole world
    07000000  # index 7
    0800 0100 # IFA_ADDRESS
    c6336406
    0800 0200 # IFA_LOCAL
    c6336406
    0900 0300 # IFA_LABEL
    6574683000
    000000
    0800 0800 # IFA_FLAGS
    80000000
    0800 0700 # an attribute that nobody asks for
    00000000
    0400 0500)"); // and one without a value

const auto temporary_ipv6 = hex(R"(
    34000000  # length 52
    1400      # RTM_NEWADDR
    0000 00000000 00000000
    0a 40     # AF_INET6, /64
    01        # temporary
    00
    07000000
    1400 0100 # IFA_ADDRESS
    20010db8 00010000 0000000000000002
    0800 0800 # IFA_FLAGS
    21010000)"); // temporary, deprecated, and its prefix is managed

link_message eth0(bool running) {
    return interface_message{7, false, "eth0", running};
}

link_message on_eth0(address_key key, address_state state = {}) {
    return address_message{7, false, std::move(key), state};
}

using messages = std::vector<link_message>;

/// The same message with other octets in place of those at `offset`.
bytes with(bytes message, std::size_t offset, std::string_view octets) {
    std::ranges::copy(hex(octets), message.begin() + static_cast<std::ptrdiff_t>(offset));
    return message;
}

/// The first `length` octets of a message, whose own length says so.
bytes shortened(bytes message, std::size_t length) {
    message.resize(length);
    message[0] = static_cast<std::uint8_t>(length);
    return message;
}

constexpr std::size_t header = 16, interface_body = 32, address_body = 24;

} // namespace

TEST_SUITE_BEGIN("link_messages" * doctest::skip(other_order));

TEST_CASE("decode_links: an interface with its name and whether it is running") {
    const auto report = decode_links(eth0_runs);
    CHECK(report.messages == messages{eth0(true)});
    CHECK_FALSE(report.malformed);
    CHECK(decode_links(with(eth0_runs, 24, "03100000")).messages == messages{eth0(false)});
    CHECK(decode_links(eth0_is_gone).messages == messages{interface_message{7, true, {}, false}});
}

TEST_CASE("decode_links: a port that leaves its bridge is still there as an interface") {
    const auto report = decode_links(with(eth0_is_gone, header, "07"));
    CHECK(report.messages.empty());
    CHECK_FALSE(report.malformed);
}

TEST_CASE("decode_links: an address with its prefix length") {
    CHECK(decode_links(ipv4_on_eth0).messages ==
          messages{on_eth0({make_address("198.51.100.6"), 30, {}})});
    CHECK(decode_links(with(ipv4_on_eth0, 4, "15")).messages ==
          messages{address_message{7, true, {make_address("198.51.100.6"), 30, {}}, {}}});
}

TEST_CASE("decode_links: a point-to-point link's address is the local one, not the peer's") {
    CHECK(decode_links(with(ipv4_on_eth0, address_body + 4, "c6336405")).messages ==
          messages{on_eth0({make_address("198.51.100.6"), 30, make_address("198.51.100.5")})});
}

TEST_CASE("decode_links: all flags of an address count, not only the first eight, RFC 4862 §5") {
    const address_key key{make_address("2001:db8:1::2"), 64, {}};
    constexpr std::size_t flags = 48;
    const auto state = [&](std::string_view octets) {
        return decode_links(with(temporary_ipv6, flags, octets)).messages;
    };
    CHECK(decode_links(temporary_ipv6).messages ==
          messages{on_eth0(key, {.deprecated = true, .secondary = true})});
    CHECK(state("80000000") == messages{on_eth0(key)});
    CHECK(state("c0000000") == messages{on_eth0(key, {.unusable = true})});
    CHECK(state("88000000") == messages{on_eth0(key, {.unusable = true})});
    CHECK(decode_links(shortened(temporary_ipv6, 44)).messages ==
          messages{on_eth0(key, {.secondary = true})}); // as the header has them
}

TEST_CASE("decode_links: several messages in one datagram, others among them") {
    const auto route = with(eth0_is_gone, 4, "18");
    const auto report = decode_links(join({eth0_runs, route, ipv4_on_eth0, temporary_ipv6}));
    CHECK(report.messages.size() == 3);
    CHECK_FALSE(report.malformed);
}

TEST_CASE("decode_links: a datagram cut at any length is malformed, and what is whole counts") {
    const auto whole = join({ipv4_on_eth0, eth0_runs});
    for (std::size_t length = 1; length < whole.size(); ++length) {
        CAPTURE(length);
        const auto report = decode_links(std::span(whole).first(length));
        CHECK(report.malformed == (length != ipv4_on_eth0.size()));
        CHECK(report.messages.size() == (length < ipv4_on_eth0.size() ? 0 : 1));
    }
}

TEST_CASE("decode_links: a message that ends too early says nothing") {
    // Without what it must say, or within an attribute; it may end where one ends.
    const auto reads = [](const bytes& message, std::size_t length) {
        const auto report = decode_links(shortened(message, length));
        CHECK(report.messages.empty() == report.malformed);
        return !report.malformed;
    };
    for (std::size_t length = 1; length < eth0_runs.size(); ++length) {
        CAPTURE(length);
        CHECK(reads(eth0_runs, length) == ((length >= 41 && length <= 44) || length >= 49));
    }
    const std::set<std::size_t> after_attributes{32, 40, 49, 50, 51, 52, 60, 68};
    for (std::size_t length = 1; length < ipv4_on_eth0.size(); ++length) {
        CAPTURE(length);
        CHECK(reads(ipv4_on_eth0, length) == after_attributes.contains(length));
    }
}

TEST_CASE("decode_links: no length is believed") {
    const auto malformed = [](const bytes& message) {
        const auto report = decode_links(message);
        CHECK(report.messages.empty() == report.malformed);
        return report.malformed;
    };
    for (const auto* length : {"00000000", "0f000000", "35000000", "ffffffff"})
        CHECK(malformed(with(eth0_runs, 0, length)));
    for (const auto* length : {"0000", "0300", "1500", "ffff"}) // of an attribute
        CHECK(malformed(with(eth0_runs, interface_body, length)));
    CHECK(malformed(with(eth0_runs, interface_body + 4, "00"))); // an empty name
    CHECK(malformed(with(eth0_runs, interface_body, "0800")));   // one that does not end
    CHECK(malformed(with(temporary_ipv6, header, "02")));        // too long for IPv4
    CHECK(malformed(with(ipv4_on_eth0, header, "0a")));          // too short for IPv6
    CHECK(malformed(with(temporary_ipv6, 44, "0700")));          // flags
    CHECK_FALSE(malformed(eth0_runs));
}

TEST_CASE("decode_links: an answer's end, and what went wrong with it") {
    const auto done = hex("14000000 0300 0200 00000000 00000000 00000000");
    CHECK(decode_links(done).complete);
    CHECK(decode_links(shortened(done, header)).complete);
    CHECK_FALSE(decode_links(eth0_runs).complete);
    CHECK(decode_links(with(done, header, "f3ffffff")).error == EACCES);

    const auto interrupted = decode_links(with(eth0_runs, 6, "1200"));
    CHECK(interrupted.interrupted);
    CHECK(interrupted.messages == messages{eth0(true)});
    CHECK_FALSE(decode_links(with(eth0_runs, 6, "0200")).interrupted);

    const auto refused = hex("14000000 0200 0000 00000000 00000000 ffffffff");
    CHECK(decode_links(refused).error == EPERM);
    CHECK_FALSE(decode_links(refused).complete);
    CHECK(decode_links(shortened(refused, 19)).malformed);
}

TEST_SUITE_END();
