#include "herald/peering/bfd_sessions.hpp"

#include "herald/net/socket_options.hpp"
#include "tests/peering/bfd_support.hpp"
#include "tests/support/bytes.hpp"

#include <boost/asio/ip/unicast.hpp>
#include <doctest/doctest.h>
#include <sys/socket.h>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;
using namespace std::chrono_literals;
using bfd::session_state;
using boost::asio::ip::make_address;
using boost::asio::ip::udp;

namespace {

/// herald, and a router that is only its packets.
struct one_side {
    explicit one_side(const bfd_peer& peer) {
        under_test.want({peer});
        settle();
    }
    void settle() { time->settle(); }
    void send(const bfd::control_packet& packet, int ttl = 255) {
        sender.set_option(boost::asio::ip::unicast::hops(ttl));
        sender.send_to(boost::asio::buffer(bfd::encode(packet)), {loopback, ports.single_hop});
        settle();
    }
    bfd::control_packet packet(session_state state) const {
        return {.state = state,
                .multiplier = 3,
                .mine = 77,
                .desired_min_tx = 1s,
                .required_min_rx = 1s};
    }
    const bfd::session_snapshot& session() const { return under_test.find("router")->snapshot(); }

    boost::asio::io_context context;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>(context);
    bfd_ports ports{unused_port(context), unused_port(context)};
    udp::socket router{context, {loopback, 0}};
    udp::socket sender{context, {loopback, 0}};
    bfd_ports router_ports{router.local_endpoint().port(), router.local_endpoint().port()};
    told seen;
    bfd_sessions under_test{made_up(context, time, ports, router_ports), seen};
};

} // namespace

TEST_CASE("bfd_sessions: two sides are Up, over both IP versions, one hop and several") {
    for (const auto& address : {loopback, loopback_v6})
        for (const auto path : {bfd_path::single_hop, bfd_path::multihop}) {
            two_sides both(address, path);
            both.pass(3s);
            CHECK(both.state_here() == session_state::up);
            CHECK(both.state_there() == session_state::up);
            CHECK(both.here.strays().total() == 0);
            CHECK(both.here.find("router")->tx_interval() == 300ms);
            both.pass(5s);
            CHECK(both.here.find("router")->snapshot().transitions <= 3);
        }
}

TEST_CASE("bfd_sessions: what is wanted no more says AdminDown for a detection time, and its "
          "sockets close") {
    two_sides both(loopback);
    both.pass(3s);
    both.here.want({});
    CHECK(both.here.find("router") == nullptr);
    CHECK(both.here.leaving());
    both.pass(100ms);
    CHECK(both.state_there() == session_state::down);
    CHECK(both.there.find("router")->snapshot().remote_state == session_state::admin_down);
    both.pass(3s);
    CHECK_FALSE(both.here.leaving());
    udp::socket again(both.context, {udp::v4(), both.ports.single_hop}); // throws if it is in use
}

TEST_CASE("bfd_sessions: intervals change without Down, addresses by another session") {
    two_sides both(loopback);
    both.pass(3s);
    const auto transitions = both.here.find("router")->snapshot().transitions;
    const auto port = both.here.port_of("router");
    both.peer.session.min_tx = both.peer.session.min_rx = 500ms;
    both.here.want({both.peer});
    both.pass(3s);
    CHECK(both.there.find("router")->rx_interval() == 500ms);
    CHECK(both.here.find("router")->snapshot().transitions == transitions);
    CHECK(both.here.port_of("router") == port);
    both.peer.local_address = loopback;
    both.here.want({both.peer});
    CHECK(both.here.leaving());
    CHECK(both.here.port_of("router") != port);
    both.pass(10s);
    CHECK_FALSE(both.here.leaving());
    CHECK(both.state_here() == session_state::up);
    CHECK(both.state_there() == session_state::up);
}

TEST_CASE("bfd_sessions: packets are sent with TTL 255 and CS6, from the session's own port in "
          "RFC 5881's range, octet for octet") {
    one_side b(peer_at(loopback));
    const auto fd = b.router.native_handle();
    REQUIRE_FALSE(net::report_ttl(fd, false));
    const int on = 1;
    REQUIRE(::setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on) == 0);
    b.time->advance(2s);
    std::array<std::uint8_t, 100> octets{};
    alignas(cmsghdr) std::array<char, 100> control{};
    sockaddr_in from{};
    iovec into{octets.data(), octets.size()};
    msghdr header{&from, sizeof from, &into, 1, control.data(), control.size(), 0};
    REQUIRE(::recvmsg(fd, &header, MSG_DONTWAIT) == 24);
    CHECK(ntohs(from.sin_port) == b.under_test.port_of("router"));
    CHECK(b.under_test.port_of("router") >= 49152);
    int seen = 0;
    for (auto* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
        int value = *CMSG_DATA(one);
        seen += one->cmsg_type == IP_TTL && value == 255 ? 1 : 0;
        seen += one->cmsg_type == IP_TOS && value == 48 << 2 ? 1 : 0;
    }
    CHECK(seen == 2);
    const auto decoded = bfd::decode(wire::octets(octets).first(24));
    REQUIRE(decoded);
    CHECK(decoded->packet.mine == b.session().local);
    CHECK(decoded->packet.state == session_state::down);
    REQUIRE(::recvmsg(fd, &header, MSG_DONTWAIT) == 24);
    CHECK(ntohs(from.sin_port) == b.under_test.port_of("router"));
}

TEST_CASE("bfd_sessions: a packet without Your Discriminator is the session's of its sender's "
          "address, others are of the session they name") {
    one_side b(peer_at(loopback));
    b.send(b.packet(session_state::down));
    CHECK(b.session().state == session_state::init);
    auto next = b.packet(session_state::init);
    next.yours = b.session().local;
    b.send(next);
    CHECK(b.session().state == session_state::up);
    next.yours = b.session().local + 1;
    b.send(next);
    CHECK(b.under_test.strays().of(bfd::discard::unknown_session) == 1);
    b.sender = udp::socket(b.context, {make_address("127.0.0.2"), 0});
    b.send(b.packet(session_state::down));
    CHECK(b.under_test.strays().of(bfd::discard::unknown_session) == 2);
    CHECK(b.session().state == session_state::up);
    b.sender.send_to(boost::asio::buffer("x", 1), {loopback, b.ports.single_hop});
    b.settle();
    CHECK(b.under_test.strays().of(bfd::discard::truncated) == 1);
}

TEST_CASE("bfd_sessions: what came over a router is dropped on a single hop, RFC 5881 §5") {
    one_side b(peer_at(loopback));
    b.send(b.packet(session_state::down), 254);
    CHECK(b.session().dropped.of(bfd::discard::hop_limit) == 1);
    CHECK(b.session().state == session_state::down);
    b.send(b.packet(session_state::down), 255);
    CHECK(b.session().state == session_state::init);
}

TEST_CASE("bfd_sessions: on several hops as many are allowed as is said, and the other port is of "
          "no use") {
    auto peer = peer_at(loopback, bfd_path::multihop);
    peer.least_ttl = 253;
    one_side b(peer);
    const auto send_to = [&](std::uint16_t port, int ttl, bfd::discriminator yours) {
        auto packet = b.packet(session_state::down);
        packet.yours = yours;
        b.sender.set_option(boost::asio::ip::unicast::hops(ttl));
        b.sender.send_to(boost::asio::buffer(bfd::encode(packet)), {loopback, port});
        b.settle();
    };
    send_to(b.ports.multihop, 252, 0);
    CHECK(b.session().dropped.of(bfd::discard::hop_limit) == 1);
    auto other = peer_at(loopback);
    other.name = "other";
    b.under_test.want({peer, other}); // so that the other port is open
    send_to(b.ports.single_hop, 255, b.session().local);
    CHECK(b.session().dropped.of(bfd::discard::hop_limit) == 2);
    CHECK(b.session().state == session_state::down);
    send_to(b.ports.multihop, 253, 0);
    CHECK(b.session().state == session_state::init);
}

TEST_CASE("bfd_sessions: packets that wait in the socket count before a timer does") {
    one_side b(peer_at(loopback));
    b.send(b.packet(session_state::down));
    auto next = b.packet(session_state::init);
    next.yours = b.session().local;
    b.send(next);
    REQUIRE(b.session().state == session_state::up);
    b.time->advance(2990ms);
    REQUIRE(b.session().state == session_state::up);
    // The program sleeps over the detection time, in which a packet arrives.
    next.state = session_state::up;
    b.sender.send_to(boost::asio::buffer(bfd::encode(next)), {loopback, b.ports.single_hop});
    b.time->advance(100ms);
    CHECK(b.session().state == session_state::up);
    b.time->advance(3s);
    CHECK(b.session().state == session_state::down);
    CHECK(b.seen.lines == std::vector<std::string>{"router: Init", "router: Up", "router: Down"});
}

TEST_CASE("bfd_sessions: a port that another program has is told of once, and tried again") {
    boost::asio::io_context context;
    const auto time = std::make_shared<manual_time>(context);
    auto other = std::make_optional<udp::socket>(context, udp::endpoint{udp::v4(), 0});
    const bfd_ports ports{other->local_endpoint().port(), unused_port(context)};
    told seen;
    bfd_sessions under_test(made_up(context, time, ports, ports), seen);
    under_test.want({peer_at(loopback)});
    time->advance(5s);
    CHECK(seen.lines ==
          std::vector<std::string>{"router: BFD packets cannot be received on UDP port " +
                                   std::to_string(ports.single_hop) + ": Address already in use"});
    other.reset();
    time->advance(1s);
    // It hears itself, and takes that for its neighbor.
    CHECK(under_test.find("router")->snapshot().received == 0);
    CHECK_THROWS(udp::socket(context, {udp::v4(), ports.single_hop}));
}

TEST_CASE("bfd_sessions: packets that cannot be sent are told of once, and are lost") {
    boost::asio::io_context context;
    const auto time = std::make_shared<manual_time>(context);
    const bfd_ports ports{unused_port(context), unused_port(context)};
    told seen;
    bfd_sessions under_test(made_up(context, time, ports, ports), seen);
    auto peer = peer_at(loopback);
    peer.local_address = make_address("192.0.2.1"); // which this machine does not have
    under_test.want({peer});
    time->advance(5s);
    CHECK(seen.lines == std::vector<std::string>{"router: BFD packets cannot be sent: Cannot "
                                                 "assign requested address"});
    CHECK(under_test.find("router")->snapshot().sent >= 5);
}
