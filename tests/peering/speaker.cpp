// All neighbors together, each over a network of its own in memory.
#include "herald/peering/speaker.hpp"

#include "tests/peering/manual_time.hpp"
#include "tests/peering/peering_support.hpp"
#include "tests/peering/scripted_network.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <memory>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;

namespace {

using lines = std::vector<std::string>;

/// Time that goes on by itself, a step at each look at the clock.
class moving_time final : public time_source {
public:
    explicit moving_time(std::shared_ptr<manual_time> under) : under_(std::move(under)) {}
    time_point now() const override { return under_->now() + (ahead_ += step); }
    std::unique_ptr<alarm_clock> make_alarm() override { return under_->make_alarm(); }

    std::chrono::microseconds step{0};

private:
    std::shared_ptr<manual_time> under_;
    mutable std::chrono::microseconds ahead_{0};
};

/// Writes down who is told what, and looks at all neighbors each time, as the daemon's does.
class onlooker final : public neighbor_observer {
public:
    void state_changed(const neighbor& which, bgp::session_state, bgp::session_state now) override {
        add(which, bgp::to_string(now));
    }
    void session_up(const neighbor& which, const bgp::negotiated_session&) override {
        add(which, "up");
    }
    void session_ended(const neighbor& which, const session_end& end) override {
        add(which, end.describe());
    }
    void malformed_update(const neighbor& which, const bgp::malformed_update&) override {
        add(which, "malformed");
    }
    void problem(const neighbor& which, const std::string& text) override { add(which, text); }
    void bfd_changed(const neighbor& which, const bfd::action::state_changed& change) override {
        add(which, "BFD " + std::string(to_string(change.now)));
    }

    const speaker* all = nullptr;
    lines told;

private:
    void add(const neighbor& which, std::string_view text) {
        told.push_back(which.settings().name + ": " + std::string(text));
        if (all == nullptr)
            return;
        for (const auto& one : all->neighbors())
            REQUIRE(one != nullptr);
    }
};

neighbor_settings named(const std::string& name, std::uint8_t host = 1) {
    auto settings = settings_towards(179);
    settings.name = name;
    settings.address = asio::ip::address_v4({127, 0, 0, host});
    return settings;
}

std::vector<neighbor_settings> nine() {
    std::vector<neighbor_settings> all;
    for (std::uint8_t i = 1; i <= 9; ++i)
        all.push_back(named("n" + std::to_string(i), i));
    return all;
}

/// A speaker whose neighbors' routers answer.
struct bench {
    asio::io_context context;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>(context);
    std::shared_ptr<moving_time> clock = std::make_shared<moving_time>(time);
    std::shared_ptr<fixed_links> links = std::make_shared<fixed_links>();
    std::map<std::string, scripted_network> networks;
    onlooker seen;
    speaker under_test;

    explicit bench(std::vector<neighbor_settings> neighbors, const listen_settings& listen = {})
        : under_test(around(), listen, std::move(neighbors), seen) {
        seen.all = &under_test;
    }
    ~bench() { // what is left in the loop belongs to the networks
        clock->step = 0us;
        static_cast<void>(under_test.change({}, {}));
        time->advance(2s);
    }
    bench(const bench&) = delete;
    bench& operator=(const bench&) = delete;

    environment around() {
        return {context.get_executor(), clock,
                [this](const neighbor_settings& settings) {
                    return network(settings.name).around().make_dialler(settings);
                },
                links};
    }
    scripted_network& network(const std::string& name) {
        return networks.try_emplace(name, context, clock).first->second;
    }
    router_end& router(const std::string& name) { return network(name).router(); }
    neighbor& neighbor_named(const std::string& name) {
        auto* const found = under_test.find(name);
        REQUIRE(found != nullptr);
        return *found;
    }

    void start() {
        REQUIRE(under_test.start());
        time->settle();
        for (const auto& one : under_test.neighbors())
            REQUIRE((one->established() || one->settings().shutdown));
        seen.told.clear();
    }
    /// Takes these settings; what was told, in the same turn.
    lines change(std::vector<neighbor_settings> next) {
        seen.told.clear();
        REQUIRE(under_test.change({}, std::move(next)));
        return seen.told;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& one : under_test.neighbors())
            all.push_back(one->settings().name);
        return all;
    }
};

wire::notification cease(std::uint8_t code) {
    return wire::make_cease(code);
}

} // namespace

TEST_CASE("speaker: neighbors that are added are dialled, and the others do not notice") {
    bench b({named("a")});
    b.start();
    CHECK(b.change({named("b", 2), named("a"), named("c", 3)}) ==
          lines{"b: Connect", "c: Connect"});
    b.time->settle();
    CHECK(b.names() == lines{"b", "a", "c"});
    CHECK(b.neighbor_named("b").established());
    CHECK(b.neighbor_named("c").established());
    CHECK(b.network("a").dials.size() == 1);
    CHECK(b.under_test.find("d") == nullptr);
}

TEST_CASE("speaker: a neighbor that is gone hears 6/3, and the others do not notice, RFC 4486 §4") {
    bench b({named("a"), named("b", 2), named("c", 3)});
    b.start();
    CHECK(b.change({named("c", 3), named("a")}) ==
          lines{"b: Idle", "b: sent Cease / Peer De-configured"});
    b.time->settle();
    CHECK(b.names() == lines{"c", "a"});
    CHECK(b.router("b").notification == cease(wire::cease_code::deconfigured));
    CHECK(b.neighbor_named("a").established());
    CHECK(b.neighbor_named("c").established());
    b.time->advance(10s);
    CHECK(b.network("b").dials.size() == 1);
    CHECK(b.network("b").alive == 0);
}

TEST_CASE("speaker: settings that a session cannot take end it with 6/6, and it begins anew") {
    bench b({named("a"), named("b", 2)});
    b.start();
    auto quicker = named("a");
    quicker.session.hold_time = 9s;
    const auto* const before = b.under_test.find("a");
    CHECK(b.change({quicker, named("b", 2)}) ==
          lines{"a: Idle", "a: sent Cease / Other Configuration Change", "a: Connect"});
    CHECK(b.under_test.find("a") != before);
    CHECK(b.router("a").notification == cease(wire::cease_code::configuration_change));
    b.time->settle();
    CHECK(b.neighbor_named("a").established());
    CHECK(b.neighbor_named("a").session()->hold_time == 9s);
    CHECK(b.network("a").dials.size() == 2);
    CHECK(b.network("b").dials.size() == 1);
}

TEST_CASE("speaker: settings that a session can take change nothing but themselves") {
    bench b({named("a")});
    b.start();
    auto described = named("a");
    described.description = "the left one";
    described.session.connect_retry = 77s;
    described.next_hop = asio::ip::make_address_v4("192.0.2.99");
    const auto* const before = b.under_test.find("a");
    CHECK(b.change({described}) == lines{});
    CHECK(b.under_test.find("a") == before);
    CHECK(b.neighbor_named("a").settings() == described);
    CHECK(b.neighbor_named("a").next_hops().at(net::address_family::ipv4).global ==
          asio::ip::make_address("192.0.2.99"));
    b.time->settle();
    CHECK(b.neighbor_named("a").established());
}

TEST_CASE("speaker: a neighbor that a change shuts down hears 6/2, and is dialled when enabled") {
    bench b({named("a"), named("b", 2)});
    b.start();
    auto down = named("a");
    down.shutdown = true;
    CHECK(b.change({down, named("b", 2)}) ==
          lines{"a: Idle", "a: sent Cease / Administrative Shutdown"});
    CHECK(b.router("a").notification == cease(wire::cease_code::administrative_shutdown));
    CHECK(b.neighbor_named("a").administratively_down());
    b.time->advance(10s);
    CHECK(b.network("a").dials.size() == 1);
    CHECK(b.change({down, named("b", 2)}) == lines{}); // once is enough
    CHECK(b.change({named("a"), named("b", 2)}) == lines{"a: Connect"});
    b.time->settle();
    CHECK(b.neighbor_named("a").established());
}

TEST_CASE("speaker: a shutdown of the operator's outlasts a change") {
    bench b({named("a")});
    b.start();
    b.neighbor_named("a").shut_down("maintenance");
    CHECK(b.change({named("a")}) == lines{});
    CHECK(b.neighbor_named("a").administratively_down());
}

TEST_CASE("speaker: an observer sees all neighbors, whole, whatever a change does to them") {
    bench b({named("gone", 1), named("reset", 2), named("down", 3), named("same", 4)});
    b.start();
    auto reset = named("reset", 2), down = named("down", 3);
    reset.session.hold_time = 9s, down.shutdown = true;
    const auto told = b.change({named("new", 5), named("same", 4), down, reset});
    CHECK(std::ranges::count(told, "gone: Idle") == 1);
    CHECK(std::ranges::count(told, "reset: Idle") == 1);
    CHECK(std::ranges::count(told, "down: Idle") == 1);
    CHECK(b.names() == lines{"new", "same", "down", "reset"});
}

TEST_CASE("speaker: with an address that cannot be listened on, nothing has changed") {
    bench b({named("a"), named("b", 2)});
    b.start();
    auto quicker = named("a");
    quicker.session.hold_time = 9s;
    tcp::acceptor taken(b.context, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    const auto port = taken.local_endpoint().port();
    const listen_settings listen{
        {asio::ip::make_address("127.0.0.2"), asio::ip::make_address("127.0.0.1")}, port};
    const auto refused = b.under_test.change(listen, {quicker, named("c", 3)});
    REQUIRE_FALSE(refused);
    CHECK(refused.error() ==
          fmt::format("cannot listen on 127.0.0.1 port {}: Address already in use", port));
    CHECK(b.seen.told == lines{});
    CHECK(b.names() == lines{"a", "b"});
    CHECK(b.neighbor_named("a").settings() == named("a"));
    // What was opened before the one that failed is closed again.
    tcp::acceptor free(b.context, tcp::endpoint(asio::ip::make_address("127.0.0.2"), port));
    taken.close();
    free.close();
    CHECK(b.under_test.change(listen, {quicker, named("c", 3)}));
    CHECK(b.names() == lines{"a", "c"});
}

TEST_CASE("speaker: an address that cannot be listened on stops the start, before any dialling") {
    bench b({named("a")}, {{asio::ip::make_address("192.0.2.1")}, 1790});
    const auto started = b.under_test.start();
    REQUIRE_FALSE(started);
    CHECK(started.error() ==
          "cannot listen on 192.0.2.1 port 1790: Cannot assign requested address");
    b.time->settle();
    CHECK(b.seen.told == lines{});
}

TEST_CASE("speaker: interfaces with other addresses give every neighbor another next hop") {
    std::vector both{named("a"), named("b", 2)};
    for (auto& each : both)
        each.session.families = {net::address_family::ipv4, net::address_family::ipv6};
    bench b(both);
    b.start();
    auto beside = b.links->addresses;
    beside.ipv6 = asio::ip::make_address_v6("2001:db8::77");
    b.links->change(beside);
    for (const auto* name : {"a", "b"})
        CHECK(b.neighbor_named(name).next_hops().at(net::address_family::ipv6).global ==
              asio::ip::address(*beside.ipv6));
    beside.ipv6.reset();
    b.links->change(beside);
    const std::string none = "ipv6 is not announced: lo has no IPv6 address to be the next hop";
    CHECK(b.seen.told == lines{"a: " + none, "b: " + none});
}

TEST_CASE("speaker: a flush of many neighbors goes on in later turns, and tells once of its end") {
    const auto many = nine();
    bench b(many);
    b.start();
    for (const auto& one : b.under_test.neighbors())
        one->heard().want(documentation, normal_route(one->settings()));
    const auto reached = [&] {
        return std::ranges::count_if(many, [&](const auto& each) {
            return b.router(each.name).routes.contains(documentation);
        });
    };
    b.clock->step = 200us; // two looks a neighbor, and a slice is a millisecond
    lines done;
    b.under_test.flush([&] { done.push_back("first of " + std::to_string(reached())); });
    CHECK(reached() == 3);
    CHECK(done == lines{});
    b.context.restart();
    REQUIRE(b.context.run_one() == 1);
    CHECK(reached() == 6);
    b.under_test.flush([&] { done.emplace_back("second"); }); // all nine again, from where it is
    CHECK(done == lines{});
    b.time->settle();
    CHECK(done == lines{"first of 9", "second"});
    b.clock->step = 0us;
    b.under_test.flush([&] { done.emplace_back("third"); });
    CHECK(done.back() == "third"); // in this turn: little to do
}

TEST_CASE("speaker: a flush that is under way ends when its neighbors go, and with none at all") {
    const auto many = nine();
    bench b(many);
    b.start();
    b.clock->step = 400us;
    int done = 0;
    b.under_test.flush([&] { ++done; });
    CHECK(done == 0);
    b.change({many.back()});
    b.time->settle();
    CHECK(done == 1);
    b.under_test.flush([&] { ++done; });
    b.change({});
    b.time->settle();
    CHECK(done == 2);
    b.under_test.flush([&] { ++done; });
    CHECK(done == 3);
}

TEST_CASE("speaker: who waits is told when every neighbor has acknowledged, or the limit is over") {
    bench b({named("a"), named("b", 2)});
    b.start();
    b.network("b").unacknowledged = 40;
    lines done;
    b.under_test.when_acknowledged(1min, [&] { done.emplace_back("long"); });
    b.under_test.when_acknowledged(2s, [&] { done.emplace_back("short"); });
    CHECK_FALSE(b.under_test.acknowledged());
    b.time->advance(1900ms);
    CHECK(done == lines{});
    b.time->advance(200ms);
    CHECK(done == lines{"short"});
    b.network("b").unacknowledged = 0;
    CHECK(b.under_test.acknowledged());
    b.time->advance(60ms); // it is asked every 50 ms by now
    CHECK(done == lines{"short", "long"});
    b.under_test.when_acknowledged(1min, [&] { done.emplace_back("at once"); });
    b.time->advance(1ms);
    CHECK(done.back() == "at once");
}

TEST_CASE("speaker: stopped, every neighbor hears why, and is not dialled again") {
    bench b({named("a"), named("b", 2)});
    b.start();
    b.under_test.stop(cease(wire::cease_code::administrative_shutdown));
    b.time->advance(10s);
    for (const auto* name : {"a", "b"}) {
        CHECK(b.router(name).notification == cease(wire::cease_code::administrative_shutdown));
        CHECK(b.network(name).dials.size() == 1);
    }
}

TEST_CASE("speaker: stopped for a restart, neighbors that keep no routes hear it, RFC 4724 §4.1") {
    auto asked = named("a");
    asked.session.graceful_restart = 60s;
    bench b({asked, named("b", 2)});
    b.start();
    REQUIRE_FALSE(b.neighbor_named("a").keeps_routes()); // its router cannot
    b.under_test.stop_for_restart(cease(wire::cease_code::administrative_reset));
    for (const auto* name : {"a", "b"})
        CHECK(b.router(name).notification == cease(wire::cease_code::administrative_reset));
}

TEST_CASE("speaker: one that is gone calls nobody back") {
    bench b({named("a"), named("b", 2)});
    int done = 0;
    auto gone = std::make_unique<speaker>(b.around(), listen_settings{},
                                          std::vector{named("a"), named("b", 2)}, b.seen);
    b.seen.all = nullptr;
    REQUIRE(gone->start());
    b.clock->step = 2ms; // a turn of the loop for each neighbor
    gone->when_acknowledged(1ms, [&] { ++done; });
    gone->flush([&] { ++done; });
    gone.reset();
    b.links->change(b.links->addresses);
    b.time->advance(1s);
    CHECK(done == 0);
}
