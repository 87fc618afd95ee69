// A neighbor that goes on where one of another program was.
#include "tests/peering/scripted_neighbor.hpp"

#include <optional>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;
using wire::message_type;

namespace {

using kinds = std::vector<message_type>;

/// A neighbor in session that has sent one route, and the one that goes on from it, over a
/// connection to a router of its own.
struct bench {
    asio::io_context context;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>(context);
    scripted_neighbor was{context, time, settings_towards(179)};
    scripted_network network{context, time};
    recorder seen;
    std::optional<neighbor> heir;

    bench() {
        was.speaks.heard().want(documentation, normal_route(was.speaks.settings()));
        was.speaks.routes_complete();
        was.speaks.start();
        time->settle();
        REQUIRE(was.speaks.established());
        const auto left = was.speaks.snapshot();
        REQUIRE(left.peer.connections.size() == 1);
        CHECK(left.sockets == std::map<bgp::connection_id, int>{{1, -1}}); // a scripted one's
        neighbor::transports over;
        over.emplace(1, network.dialled_by_router());
        heir.emplace(network.around(), was.speaks.settings(), seen, left.peer, std::move(over));
        heir->start();
        time->settle();
    }
    ~bench() {
        heir->stop(std::nullopt);
        was.speaks.stop(std::nullopt);
        time->advance(5s);
    }
    bench(const bench&) = delete;
    bench& operator=(const bench&) = delete;

    void hear(const bgp::shared_attributes& route) {
        auto heard = std::make_shared<bgp::audience>();
        if (route)
            heard->want(documentation, route);
        heir->hear(std::move(heard));
        heir->flush();
        time->settle();
    }
    const kinds& heard() { return network.router().heard; }
};

} // namespace

TEST_CASE("inherited: the session is as it was, and nobody is told of it") {
    bench b;
    CHECK(b.heir->established());
    CHECK(b.heir->since() == b.was.speaks.since());
    CHECK(b.heir->rib().advertised_count(net::address_family::ipv4) == 1);
    CHECK(b.seen.lines.empty());
}

TEST_CASE("inherited: nothing is written before it is known what is to be heard, and nothing then "
          "that the router has") {
    bench b;
    b.time->advance(1s);
    CHECK(b.heard() == kinds{});
    b.hear(normal_route(b.heir->settings()));
    CHECK(b.heard() == kinds{});
    b.time->advance(10s);
    CHECK(b.heard() == kinds{message_type::keepalive});
}

TEST_CASE("inherited: what is not wanted any more is withdrawn") {
    bench b;
    b.hear(nullptr);
    CHECK(b.heard() == kinds{message_type::update});
    CHECK(b.heir->rib().advertised_count(net::address_family::ipv4) == 0);
}

TEST_CASE("inherited: a session that was asked to send KEEPALIVEs sends one at once") {
    bench b;
    b.hear(normal_route(b.heir->settings()));
    b.heir->send_keepalives();
    b.time->settle();
    CHECK(b.heard() == kinds{message_type::keepalive});
    CHECK(b.heir->snapshot().peer.connections.at(0).output.empty());
}

TEST_CASE("inherited: what the router says is read, and the end of the session is told") {
    bench b;
    b.hear(normal_route(b.heir->settings()));
    b.network.router().send(wire::encode(wire::make_cease(wire::cease_code::administrative_reset)));
    b.time->settle();
    CHECK_FALSE(b.heir->established());
    CHECK_FALSE(b.seen.lines.empty());
}
