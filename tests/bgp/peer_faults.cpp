// Every step of a peer's life made to fail in every way that the protocol can tell apart.
#include "tests/bgp/peer_support.hpp"

#include <memory>
#include <system_error>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

const auto staying = *net::ip_prefix::parse("198.51.100.0/24");
const auto passing = *net::ip_prefix::parse("192.0.2.0/24");

shared_attributes any_route() {
    wire::path_attributes made;
    made.origin = wire::origin::igp;
    made.path = wire::as_path{{wire::as_segment::kind::sequence, {65010}}};
    return std::make_shared<const wire::path_attributes>(std::move(made));
}

peer_settings settings_of(direction opened_by) {
    auto settings = peering_settings();
    settings.passive = opened_by == direction::accepted;
    return settings;
}

/// The peer that meets a fault, and one that hears the same and must not notice.
struct pair_of_peers {
    std::shared_ptr<audience> heard = std::make_shared<audience>();
    scripted_peer tested;
    scripted_peer bystander;
    lines seen, seen_by_bystander;

    explicit pair_of_peers(direction opened_by)
        : tested(settings_of(opened_by), peer_open(), heard)
        , bystander(settings_of(direction::dialled), peer_open(), heard) {
        tested.told = [this](const any_peer_action& action) { note(action, seen); };
        bystander.told = [this](const any_peer_action& action) { note(action, seen_by_bystander); };
    }

    /// A session as the router sees it: routes, a slow moment, a withdrawal, a refresh, silence.
    void live() {
        bystander.handle(bystander.tested().start(bystander.at));
        heard->want(passing, any_route());
        tested.tested().routes_complete();
        bystander.tested().routes_complete();
        tested.handle(tested.tested().start(tested.at));
        connect();
        pass(1s);
        tested.takes = 10;
        heard->want(staying, any_route());
        pass(1s);
        tested.takes = 0;
        heard->unwant(passing);
        pass(1s);
        if (auto* const router = tested.router())
            router->ask(net::address_family::ipv4);
        pass(18s); // with the 3 s before, two KEEPALIVEs, however they are jittered
    }
    /// Time enough for what broke to be whole again.
    void recover() {
        connect();
        pass(10s);
    }
    void stop() {
        const auto cease = wire::make_cease(wire::cease_code::administrative_shutdown);
        tested.handle(tested.tested().stop(cease, tested.at));
        bystander.handle(bystander.tested().stop(cease, bystander.at));
    }
    /// Where the router is the one to dial, it does.
    void connect() {
        if (tested.tested().settings().passive && !tested.tested().established())
            tested.accept();
    }
    void pass(std::chrono::milliseconds time) {
        for (auto* each : {&tested, &bystander}) {
            each->flush();
            each->pass(time);
        }
    }

private:
    static void note(const any_peer_action& action, lines& into) {
        if (const auto* const ended = std::get_if<peer_action::session_ended>(&action))
            into.push_back(ended->end.describe());
    }
};

/// What can come of a step: nothing of a write, a part of what is written or read, an end.
std::vector<io_fault> faults_of(io_step step, std::size_t at) {
    std::vector<io_fault> faults;
    const auto add_error = [&](std::errc error) {
        faults.push_back({at, std::make_error_code(error)});
    };
    switch (step) {
    case io_step::dial:
        add_error(std::errc::connection_refused);
        add_error(std::errc::too_many_files_open);
        return faults;
    case io_step::read:
        add_error(std::errc::connection_reset);
        for (const auto takes : {1U, 18U, 19U, 22U})
            faults.push_back({at, {}, takes});
        return faults;
    case io_step::write:
        add_error(std::errc::broken_pipe);
        for (std::size_t takes = 0; takes < 60; takes += 6)
            faults.push_back({at, {}, takes});
        return faults;
    }
    return faults;
}

/// What must be true whatever the fault was.
void check_recovery(pair_of_peers& both, const io_fault& fault) {
    REQUIRE(both.tested.tested().established());
    const auto& rib = both.tested.router()->rib;
    CHECK(rib.routes().size() == 1);
    CHECK(rib.routes().contains(staying));
    CHECK(rib.ended().size() == 2);
    CHECK_FALSE(rib.in_refresh());
    CHECK(both.tested.alive() == 1);
    CHECK(both.seen == (fault.error ? lines{fault.error.message()} : lines{}));
    CHECK(both.bystander.tested().established());
    CHECK(both.bystander.router()->rib.routes().size() == 1);
    CHECK(both.seen_by_bystander == lines{});
}

void check_stop(pair_of_peers& both) {
    both.stop();
    CHECK(both.tested.tested().state() == session_state::idle);
    CHECK(both.tested.tested().next_timer() == std::nullopt);
    CHECK(both.tested.alive() == 0);
    CHECK(both.bystander.tested().next_timer() == std::nullopt);
    CHECK(both.bystander.alive() == 0);
}

/// The steps of a whole life without a fault.
std::vector<io_step> steps_of_life(direction opened_by) {
    pair_of_peers both(opened_by);
    both.live();
    CHECK(both.seen == lines{});
    return both.tested.steps;
}

const char* name_of(io_step step) {
    switch (step) {
    case io_step::dial: return "dial";
    case io_step::read: return "read";
    case io_step::write: return "write";
    }
    return "";
}

void check_life(direction opened_by, io_step step, const io_fault& fault) {
    CAPTURE(static_cast<int>(opened_by));
    CAPTURE(fault.at);
    CAPTURE(name_of(step));
    CAPTURE(fault.error.message());
    CAPTURE(fault.takes);
    pair_of_peers both(opened_by);
    both.tested.fault = fault;
    both.live();
    both.recover();
    check_recovery(both, fault);
    check_stop(both);
}

} // namespace

TEST_CASE("peer: any step of a session may fail in any way; it is whole again within seconds, no "
          "timer is left behind, and who hears the same does not notice") {
    for (const auto opened_by : {direction::dialled, direction::accepted}) {
        const auto steps = steps_of_life(opened_by);
        REQUIRE(std::ranges::count(steps, io_step::read) > 4);
        REQUIRE(std::ranges::count(steps, io_step::write) > 6);
        REQUIRE(std::ranges::count(steps, io_step::dial) ==
                (opened_by == direction::dialled ? 1 : 0));
        for (std::size_t at = 0; at < steps.size(); ++at)
            for (const auto& fault : faults_of(steps[at], at))
                check_life(opened_by, steps[at], fault);
    }
}
