#include "tests/peering/peering_support.hpp"

#include <sys/socket.h>
#include <unistd.h>
#include <utility>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;

namespace {

const bytes keepalive = wire::encode_keepalive();

struct bench {
    asio::io_context context;
    recorder seen;
    raw_router router{context};
    neighbor under_test;

    bench()
        : under_test(on_loopback(context.get_executor()), settings_towards(router.port()), seen) {}
    explicit bench(neighbor_settings settings)
        : under_test(on_loopback(context.get_executor()), std::move(settings), seen) {}
};

bytes notification(std::uint8_t code, std::uint8_t subcode) {
    return wire::encode(wire::notification{static_cast<wire::error_code>(code), subcode, {}});
}

const bytes announcement = hex(R"(
    ffffffffffffffffffffffffffffffff
    002f 02
    0000        # no withdrawn routes
    0014        # attributes
    40 01 01 00             # ORIGIN IGP
    40 02 06 02 01 0000fdf2 # AS_PATH 65010
    40 03 04 7f000001       # NEXT_HOP, the session's own address
    18 c00002)");

const bytes withdrawal = hex(R"(
    ffffffffffffffffffffffffffffffff
    001b 02
    0004 18 c00002 # withdrawn: 192.0.2.0/24
    0000)");

const bytes end_of_rib = hex("ffffffffffffffffffffffffffffffff 0017 02 0000 0000");

} // namespace

TEST_CASE("neighbor: dials, and sends what is wanted, then End-of-RIB, RFC 4724 §2") {
    bench b;
    b.under_test.heard().want(documentation, normal_route(b.under_test.settings()));
    b.under_test.routes_complete();
    b.under_test.start();
    auto peer = b.router.accept();
    CHECK(peer.receive() == wire::encode(bgp::make_open(b.under_test.settings().session)));
    peer.send_open();
    CHECK(peer.receive() == keepalive);
    peer.send_keepalive();
    CHECK(peer.receive() == announcement);
    CHECK(peer.receive() == end_of_rib);
    CHECK(b.seen.lines ==
          std::vector<std::string>{"Connect", "OpenSent", "OpenConfirm", "Established", "up"});
}

TEST_CASE("neighbor: End-of-RIB is held back until the routes are complete, RFC 4724 §2") {
    bench b;
    b.under_test.start();
    auto peer = b.router.accept();
    peer.establish();
    REQUIRE(run_until(b.context, [&] { return b.under_test.established(); }));
    b.under_test.heard().want(documentation, normal_route(b.under_test.settings()));
    b.under_test.flush();
    CHECK(peer.receive() == announcement);
    b.under_test.routes_complete();
    CHECK(peer.receive() == end_of_rib);
}

TEST_CASE("neighbor: OPENs tell of a planned restart until a session is up, RFC 4724 §4.1") {
    asio::io_context context;
    raw_router router{context};
    auto settings = settings_towards(router.port());
    settings.session.graceful_restart = 60s;
    recorder seen;
    neighbor under_test(on_loopback(context.get_executor()), settings, seen);
    under_test.restarted(std::chrono::steady_clock::now());
    under_test.start();
    auto peer = router.accept();
    CHECK(peer.receive() == wire::encode(bgp::make_open(settings.session, true)));
    peer.close(); // no session yet: the next OPEN says it again
    auto again = router.accept();
    CHECK(again.receive() == wire::encode(bgp::make_open(settings.session, true)));
    again.send_open();
    again.receive();
    again.send_keepalive();
    REQUIRE(run_until(context, [&] { return under_test.established(); }));
    again.close();
    auto later = router.accept();
    CHECK(later.receive() == wire::encode(bgp::make_open(settings.session)));
}

TEST_CASE("neighbor: OPENs do not tell of a restart that took longer than allowed, RFC 4724 §4.1") {
    asio::io_context context;
    raw_router router{context};
    auto settings = settings_towards(router.port());
    settings.session.graceful_restart = 60s;
    recorder seen;
    neighbor under_test(on_loopback(context.get_executor()), settings, seen);
    under_test.restarted(std::chrono::steady_clock::now() - 61s);
    under_test.start();
    auto peer = router.accept();
    CHECK(peer.receive() == wire::encode(bgp::make_open(settings.session)));
}

TEST_CASE("neighbor: refreshes asked for together are answered once, RFC 2918 §4") {
    bench b;
    b.under_test.heard().want(documentation, normal_route(b.under_test.settings()));
    b.under_test.start();
    auto peer = b.router.accept();
    peer.establish();
    CHECK(peer.receive() == announcement);
    auto together = wire::encode(wire::route_refresh{1, wire::refresh_subtype::request, 1});
    auto once = together;
    together.insert(together.end(), once.begin(), once.end());
    peer.send(together);
    CHECK(peer.receive() == announcement);
    peer.send(notification(6, 2));
    CHECK(peer.receive() == bytes{}); // the end, and nothing before it
}

TEST_CASE("neighbor: a route no longer wanted is withdrawn at once, and acknowledged") {
    bench b;
    b.under_test.heard().want(documentation, normal_route(b.under_test.settings()));
    b.under_test.start();
    auto peer = b.router.accept();
    peer.establish();
    CHECK(peer.receive() == announcement);
    b.under_test.heard().unwant(documentation);
    b.under_test.flush();
    CHECK(peer.receive() == withdrawal);
    CHECK(run_until(b.context, [&] { return b.under_test.acknowledged(); }));
}

TEST_CASE("neighbor: a change and its reverse before the write leave no trace on the wire") {
    bench b;
    auto route = normal_route(b.under_test.settings());
    b.under_test.heard().want(documentation, route);
    b.under_test.start();
    auto peer = b.router.accept();
    peer.establish();
    CHECK(peer.receive() == announcement);
    b.under_test.heard().unwant(documentation);
    b.under_test.heard().want(documentation, route);
    b.under_test.flush();
    b.under_test.routes_complete();
    CHECK(peer.receive() == end_of_rib);
}

TEST_CASE("neighbor: after a session it is dialled at once, and hears everything anew") {
    bench b;
    b.under_test.heard().want(documentation, normal_route(b.under_test.settings()));
    b.under_test.start();
    auto first = b.router.accept();
    first.establish();
    CHECK(first.receive() == announcement);
    first.close();
    auto second = b.router.accept();
    second.establish();
    CHECK(second.receive() == announcement);
}

TEST_CASE("neighbor: one that refuses is dialled at once, then after a second and more") {
    bench b;
    b.under_test.start();
    b.router.accept().close();
    b.router.accept().close();
    CHECK_FALSE(b.router.dialled_within(700ms)); // jitter: not before 0.75 of a second
    CHECK(b.router.dialled_within(2s));
}

TEST_CASE("neighbor: why the session ended is still told when dialling again fails, RFC 9003 §2") {
    bench b;
    b.under_test.start();
    auto peer = b.router.accept();
    peer.establish();
    REQUIRE(run_until(b.context, [&] { return b.under_test.established(); }));
    CHECK(b.under_test.why_down().empty());
    peer.send(wire::encode(wire::make_cease(wire::cease_code::administrative_shutdown, "upgrade")));
    peer.close();
    auto next = b.router.accept();
    next.receive(); // OPEN
    next.close();
    REQUIRE(run_until(b.context, [&] { return b.under_test.last_failure().has_value(); }));
    CHECK(b.under_test.last_end()->describe() ==
          "received Cease / Administrative Shutdown: upgrade");
    CHECK(b.under_test.last_failure()->describe() == "the neighbor closed the connection");
    CHECK(b.under_test.why_down() == "received Cease / Administrative Shutdown: upgrade; since "
                                     "then: the neighbor closed the connection");
}

TEST_CASE("neighbor: stop sends Cease with its text, then closes, RFC 9003 §2") {
    bench b;
    b.under_test.start();
    auto peer = b.router.accept();
    peer.establish();
    REQUIRE(run_until(b.context, [&] { return b.under_test.established(); }));
    b.under_test.stop(wire::make_cease(wire::cease_code::administrative_shutdown, "upgrade"));
    CHECK(peer.receive() == hex(R"(
        ffffffffffffffffffffffffffffffff
        001d 03
        06 02
        07 75706772616465)"));
    CHECK(peer.closed());
    CHECK_FALSE(b.router.dialled_within(300ms));
}

TEST_CASE("neighbor: a NOTIFICATION reaches a peer whose own octets were not read yet") {
    bench b;
    b.under_test.start();
    auto peer = b.router.accept();
    peer.establish();
    REQUIRE(run_until(b.context, [&] { return b.under_test.established(); }));
    peer.send(bytes(20000, 0x00)); // no marker: 1/1, and much more behind it
    CHECK(peer.receive() == notification(1, 1));
}

TEST_CASE("neighbor: with the hold timer expired it sends 4/0, RFC 4271 §6.5") {
    auto settings = settings_towards(0);
    bench b;
    settings.port = b.router.port();
    settings.session.hold_time = 3s;
    neighbor quick(on_loopback(b.context.get_executor()), settings, b.seen);
    quick.start();
    auto peer = b.router.accept();
    peer.establish();
    std::vector<bytes> heard{peer.receive(6s)};
    while (!heard.back().empty())
        heard.push_back(peer.receive(6s));
    REQUIRE(heard.size() > 1);
    CHECK(heard[heard.size() - 2] == notification(4, 0));
}

TEST_CASE("neighbor: a connection of its own is taken when the neighbor is passive") {
    auto settings = settings_towards(179);
    settings.passive = true;
    bench b(settings);
    b.under_test.start();
    CHECK(b.under_test.state() == bgp::session_state::active);
    auto [accepted, dialler] = connected_pair(b.context);
    b.under_test.accept(std::move(accepted));
    raw_peer peer(b.context, std::move(dialler));
    peer.establish();
    CHECK(run_until(b.context, [&] { return b.under_test.established(); }));
}

TEST_CASE("neighbor: one that never reads costs bounded memory, and gets the final state") {
    bench b;
    b.under_test.start();
    auto peer = b.router.accept();
    peer.socket().set_option(tcp::socket::receive_buffer_size(65536));
    peer.establish();
    REQUIRE(run_until(b.context, [&] { return b.under_test.established(); }));
    auto route = *normal_route(b.under_test.settings());
    // 1 MB of UPDATEs, were they all sent. The longer it takes, the later TCP tries again.
    for (std::uint32_t med = 1; med <= 20'000; ++med) {
        route.med = med;
        b.under_test.heard().want(documentation,
                                  std::make_shared<const wire::path_attributes>(route));
        b.under_test.flush();
    }
    bytes last;
    b.under_test.routes_complete();
    std::size_t count = 0;
    for (auto message = peer.receive(30s); message != end_of_rib; message = peer.receive(30s)) {
        REQUIRE_FALSE(message.empty());
        last = message;
        ++count;
    }
    CHECK(count < 20'000);
    auto decoded = wire::decode_update(*wire::check_update(herald::test::body_of(last), {}), {});
    CHECK(decoded.attributes.med == 20'000);
}

TEST_CASE("neighbor: without a next hop for a family nothing of it is announced, and it says so") {
    auto settings = settings_towards(0);
    bench b;
    settings.port = b.router.port();
    settings.address = asio::ip::make_address("127.0.0.1");
    settings.local_address = asio::ip::make_address("127.0.0.77"); // on no interface by itself
    settings.session.families = {net::address_family::ipv4, net::address_family::ipv6};
    auto nowhere = on_loopback(b.context.get_executor());
    const auto links = std::make_shared<fixed_links>();
    links->addresses = {};
    nowhere.links = links;
    neighbor lonely(nowhere, settings, b.seen);
    lonely.heard().want(*net::ip_prefix::parse("2001:db8::/32"), normal_route(settings));
    lonely.start();
    auto peer = b.router.accept();
    peer.receive();
    peer.send(wire::encode(bgp::make_open([&] {
        auto theirs = settings.session;
        theirs.remote_as = std::exchange(theirs.local_as, *theirs.remote_as);
        theirs.router_id = 0xC6336401;
        return theirs;
    }())));
    peer.receive();
    peer.send_keepalive();
    REQUIRE(run_until(b.context, [&] { return lonely.established(); }));
    CHECK(lonely.rib().advertised().empty());
    CHECK(lonely.problems() ==
          std::vector<std::string>{"ipv6 is not announced: no interface has the session's address, "
                                   "so there is no IPv6 next hop"});
}

TEST_CASE("neighbor: TCP MD5 keys both ends, RFC 2385 §2") {
    asio::io_context context;
    recorder seen;
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    auto settings = settings_towards(acceptor.local_endpoint().port());
    settings.password = "not a secret here";
    REQUIRE_FALSE(net::set_md5_key(acceptor.native_handle(), settings.address, settings.password));
    neighbor keyed(on_loopback(context.get_executor()), settings, seen);
    keyed.start();
    tcp::socket socket(context);
    bool done = false;
    acceptor.async_accept(socket, [&](error_code) { done = true; });
    REQUIRE(run_until(context, [&] { return done; }));
    raw_peer peer(context, std::move(socket));
    peer.establish();
    CHECK(run_until(context, [&] { return keyed.established(); }));
}

TEST_CASE(
    "neighbor: an accepted socket that cannot be given its TTL security gets no OPEN, and that "
    "is told, RFC 5082 §3") {
    auto settings = settings_towards(179);
    settings.passive = true;
    settings.ttl_security = 1;
    bench b(settings);
    b.under_test.start();
    b.seen.lines.clear();
    // A UNIX socket knows no TTL.
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    tcp::socket ours(b.context);
    ours.assign(tcp::v4(), ends[0]);
    b.under_test.accept(std::move(ours));
    CHECK(b.seen.lines == std::vector<std::string>{"its connection could not be prepared, and was "
                                                   "closed: Operation not supported"});
    char octet = 0;
    CHECK(::recv(ends[1], &octet, 1, MSG_DONTWAIT) == 0); // closed, and nothing before that
    ::close(ends[1]);
}
