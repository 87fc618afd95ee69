// What BFD does to sessions, and what becomes of it with them: a router in memory, whose BFD is on
// loopback.
#include "tests/peering/bfd_support.hpp"
#include "tests/peering/peering_support.hpp"
#include "tests/peering/scripted_network.hpp"

#include "herald/peering/speaker.hpp"

#include <doctest/doctest.h>
#include <optional>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;
using namespace std::chrono_literals;
using bfd::session_state;

namespace {

using lines = std::vector<std::string>;

neighbor_settings with_bfd() {
    auto settings = settings_towards(179);
    settings.bfd.emplace();
    return settings;
}

struct guarded {
    explicit guarded(const neighbor_settings& settings = with_bfd(), bool router_has_bfd = true)
        : under_test(around(), {}, {settings}, seen) {
        REQUIRE(under_test.start());
        if (router_has_bfd)
            router->want({peer_at(loopback)});
    }
    ~guarded() { // what is left in the loop belongs to the network
        static_cast<void>(under_test.change({}, {}));
        time->advance(5s);
    }
    guarded(const guarded&) = delete;
    guarded& operator=(const guarded&) = delete;

    environment around() {
        auto made = made_up(context, time, ports, router_ports);
        made.make_dialler = network.around().make_dialler;
        made.links = links;
        return made;
    }
    environment around_router() { return made_up(context, time, router_ports, ports, 8); }
    void pass(std::chrono::milliseconds span) {
        for (; span > 0ms; span -= 10ms)
            time->advance(10ms);
    }
    neighbor& only() { return *under_test.neighbors().front(); }
    session_state bfd() { return under_test.bfd_of(only())->state(); }
    void change(const neighbor_settings& settings) {
        REQUIRE(under_test.change({}, {settings}));
        pass(10ms);
    }

    boost::asio::io_context context;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>(context);
    std::shared_ptr<fixed_links> links = std::make_shared<fixed_links>();
    scripted_network network{context, time};
    bfd_ports ports{unused_port(context), unused_port(context)};
    bfd_ports router_ports{unused_port(context), unused_port(context)};
    recorder seen;
    told seen_there;
    std::optional<bfd_sessions> router{std::in_place, around_router(), seen_there};
    speaker under_test;
};

} // namespace

TEST_CASE("speaker_bfd: BFD that goes from Up to Down ends the session at once, RFC 9384") {
    guarded b;
    b.pass(3s);
    REQUIRE(b.bfd() == session_state::up);
    REQUIRE(b.only().established());
    b.seen.lines.clear();
    const auto first = b.network.shared_router();
    b.router.reset(); // it is gone without a word
    b.pass(1s);
    CHECK(b.seen.lines.at(0) == "BFD Down");
    CHECK(b.seen.lines.at(1) == "Active");
    CHECK(b.seen.lines.at(2) == "sent Cease / BFD Down");
    CHECK(first->notification == wire::make_cease(wire::cease_code::bfd_down));
}

TEST_CASE("speaker_bfd: BFD that was never Up, and a neighbor that is AdminDown, end nothing") {
    guarded b(with_bfd(), false);
    b.pass(10s);
    CHECK(b.only().established());
    CHECK(b.bfd() == session_state::down);
    b.router->want({peer_at(loopback)});
    b.pass(3s);
    REQUIRE(b.bfd() == session_state::up);
    b.router->want({});
    b.pass(5s);
    CHECK(b.bfd() == session_state::down);
    CHECK(b.only().established());
    CHECK(b.network.dials.size() == 1);
}

TEST_CASE("speaker_bfd: a strict session waits for BFD, also one that began anew while it was Up") {
    auto settings = with_bfd();
    settings.session.bfd_strict = true;
    guarded b(settings, false);
    b.pass(5s);
    CHECK(b.only().state() == bgp::session_state::open_sent);
    b.router->want({peer_at(loopback)});
    b.pass(3s);
    CHECK(b.only().established());
    const auto discriminator = b.under_test.bfd_of(b.only())->snapshot().local;
    settings.session.hold_time = 60s;
    b.change(settings);
    b.pass(1s);
    CHECK(b.only().established());
    CHECK(b.under_test.bfd_of(b.only())->snapshot().local == discriminator);
}

TEST_CASE("speaker_bfd: what is switched off says AdminDown, and the session goes on") {
    guarded b;
    b.pass(3s);
    REQUIRE(b.bfd() == session_state::up);
    b.change(settings_towards(179));
    CHECK(b.under_test.bfd_of(b.only()) == nullptr);
    b.pass(3s);
    CHECK(b.only().established());
    CHECK(b.router->find("router")->snapshot().remote_state == session_state::admin_down);
}

TEST_CASE("speaker_bfd: AdminDown is said only when no connection has anything left to say") {
    guarded b;
    b.pass(3s);
    REQUIRE(b.router->find("router")->state() == session_state::up);
    const auto connection = b.network.shared_router();
    SUBCASE("at a stop") {
        b.under_test.stop(wire::make_cease(wire::cease_code::administrative_shutdown));
    }
    SUBCASE("at a restart that resets sessions") {
        b.under_test.stop_for_restart(wire::make_cease(wire::cease_code::administrative_reset));
    }
    SUBCASE("when the neighbor is shut down") {
        b.under_test.shut_down(b.only(), "upgrading");
    }
    REQUIRE(b.under_test.bfd_of(b.only()) != nullptr);
    CHECK(b.bfd() == session_state::up);
    b.time->settle(); // the router reads the NOTIFICATION, and closes
    CHECK(connection->notification->code == wire::error_code::cease);
    CHECK(b.router->find("router")->state() == session_state::up);
    b.pass(20ms);
    CHECK(b.router->find("router")->snapshot().remote_state == session_state::admin_down);
    CHECK(b.under_test.bfd_of(b.only()) == nullptr);
}

TEST_CASE("speaker_bfd: one that is enabled again has BFD again") {
    guarded b;
    b.pass(3s);
    b.under_test.shut_down(b.only(), "upgrading");
    b.pass(1s);
    REQUIRE(b.under_test.bfd_of(b.only()) == nullptr);
    b.under_test.enable(b.only());
    b.pass(5s);
    CHECK(b.only().established());
    CHECK(b.bfd() == session_state::up);
}

TEST_CASE("speaker_bfd: a neighbor is one hop away if its session has no other, or if it is on a "
          "link; once it was, it stays so") {
    auto settings = with_bfd();
    guarded b(settings, false);
    const auto path = [&] { return b.under_test.bfd_path_of(b.only()); };
    const auto links_change = [&](bool on_link) {
        b.links->is_on_link = on_link;
        b.links->change(b.links->addresses);
    };
    links_change(false);
    CHECK(path() == bfd_path::single_hop);
    settings.multihop = 3;
    settings.name = "far"; // another one, which was nowhere yet
    b.change(settings);
    CHECK(path() == bfd_path::multihop);
    links_change(true);
    CHECK(path() == bfd_path::single_hop);
    links_change(false);
    CHECK(path() == bfd_path::single_hop);
    settings.bfd->multihop = true;
    b.change(settings);
    CHECK(path() == bfd_path::multihop);
}
