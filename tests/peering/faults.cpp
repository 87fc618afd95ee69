// Every step of a session made to fail in every way that it can.
#include "tests/peering/scripted_neighbor.hpp"

#include <cerrno>
#include <initializer_list>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;
using bgp::direction;

namespace {

const auto other_prefix = *net::ip_prefix::parse("198.51.100.0/24");

neighbor_settings settings_of(const char* name, direction opened_by) {
    auto settings = settings_towards(179);
    settings.name = name;
    settings.passive = opened_by == direction::accepted;
    return settings;
}

/// The neighbor that meets a fault, and one that must not notice.
struct bench {
    asio::io_context context;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>(context);
    scripted_neighbor tested;
    scripted_neighbor bystander;

    explicit bench(direction opened_by)
        : tested(context, time, settings_of("tested", opened_by))
        , bystander(context, time, settings_of("bystander", direction::dialled)) {}
    ~bench() { stop(); }
    bench(const bench&) = delete;
    bench& operator=(const bench&) = delete;

    /// A session as the router sees it: routes, a slow moment, a withdrawal, a refresh, silence.
    void live() {
        bystander.speaks.start();
        tested.speaks.heard().want(documentation, normal_route(tested.speaks.settings()));
        tested.speaks.routes_complete();
        tested.speaks.start();
        tested.connect();
        time->advance(1s);
        tested.speaks.heard().want(other_prefix, normal_route(tested.speaks.settings()));
        tested.network.block_once = true;
        tested.speaks.flush();
        time->advance(1s);
        tested.speaks.heard().unwant(documentation);
        tested.speaks.flush();
        time->advance(1s);
        if (tested.speaks.established())
            tested.network.router().send(
                wire::encode(wire::route_refresh{1, wire::refresh_subtype::request, 1}));
        time->advance(18s); // with the 3 s before, two KEEPALIVEs, however they are jittered
    }
    /// Time enough for what broke to be whole again.
    void recover() {
        tested.connect();
        time->advance(10s);
    }
    void stop() {
        const auto cease = wire::make_cease(wire::cease_code::administrative_shutdown);
        tested.speaks.stop(cease);
        bystander.speaks.stop(cease);
        time->advance(5s);
    }
};

error_code system_error(int number) {
    return {number, boost::system::system_category()};
}

/// What can come of a step. No error: a write that takes one octet only.
std::vector<error_code> errors_of(io_step step) {
    std::vector<error_code> errors;
    const auto add = [&](std::initializer_list<int> numbers) {
        for (const auto number : numbers)
            errors.push_back(system_error(number));
    };
    switch (step) {
    case io_step::connect:
        add({ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ENETDOWN, EADDRNOTAVAIL,
             EADDRINUSE, ECONNRESET, EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EPERM, EINVAL});
        return errors;
    case io_step::read:
        errors.emplace_back(asio::error::eof);
        add({ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNREFUSED, ENOBUFS, ENOMEM, EIO});
        return errors;
    case io_step::write:
        errors.emplace_back();
        errors.emplace_back(asio::error::would_block);
        add({EPIPE, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, ENOBUFS,
             ENOMEM, EPERM});
        return errors;
    case io_step::wait: add({ECONNRESET, ETIMEDOUT, ENOMEM, ENOBUFS}); return errors;
    }
    return errors;
}

/// Whether a session outlives it: what TCP did not take is sent again, and where waiting failed
/// writing says why.
bool is_survived(io_step step, const error_code& error) {
    return step == io_step::wait ||
           (step == io_step::write && (!error || error == asio::error::would_block));
}

std::string text_of(const error_code& error) {
    session_end end;
    end.failure = error;
    end.closed_by_peer = error == asio::error::eof;
    return end.describe();
}

std::vector<std::string> ends_of(const recorder& seen) {
    static const std::set<std::string> states{"Idle",     "Connect",     "Active",
                                              "OpenSent", "OpenConfirm", "Established"};
    std::vector<std::string> ends;
    std::ranges::copy_if(seen.lines, std::back_inserter(ends),
                         [](const auto& line) { return !states.contains(line) && line != "up"; });
    return ends;
}

/// A whole life with one fault in it, and what must be true of it whatever the fault was.
void check_life(direction opened_by, const io_fault& fault, io_step step) {
    bench b(opened_by);
    b.tested.network.fault = fault;
    b.live();
    b.recover();

    CHECK(b.tested.speaks.established());
    CHECK(b.tested.network.router().routes == std::set{other_prefix});
    CHECK(b.tested.network.alive == 1);
    const auto expected = is_survived(step, fault.error)
                              ? std::vector<std::string>{}
                              : std::vector<std::string>{text_of(fault.error)};
    CHECK(ends_of(b.tested.seen) == expected);
    CHECK(b.bystander.speaks.established());
    CHECK(ends_of(b.bystander.seen).empty());

    b.stop();
    CHECK(b.tested.speaks.state() == bgp::session_state::idle);
    CHECK(b.tested.network.alive == 0);
    CHECK(b.bystander.network.alive == 0);
    CHECK(b.time->set() == 0);
}

/// The steps of a whole life without a fault, those of its stop apart.
std::vector<io_step> steps_of_life(direction opened_by, bool with_stop) {
    bench b(opened_by);
    b.live();
    if (with_stop)
        b.stop();
    CHECK(ends_of(b.tested.seen).size() == (with_stop ? 1 : 0));
    return b.tested.network.steps;
}

std::string name_of(io_step step) {
    switch (step) {
    case io_step::connect: return "connect";
    case io_step::read: return "read";
    case io_step::write: return "write";
    case io_step::wait: return "wait for room";
    }
    return "";
}

} // namespace

TEST_CASE("faults: any step of a session may fail in any way; it is whole again within seconds, "
          "nothing is left behind, and other neighbors do not notice") {
    for (const auto opened_by : {direction::dialled, direction::accepted}) {
        const auto steps = steps_of_life(opened_by, false);
        REQUIRE(std::ranges::count(steps, io_step::read) > 4);
        REQUIRE(std::ranges::count(steps, io_step::write) > 6);
        REQUIRE(std::ranges::count(steps, io_step::wait) == 1);
        REQUIRE(std::ranges::count(steps, io_step::connect) ==
                (opened_by == direction::dialled ? 1 : 0));
        for (std::size_t at = 0; at < steps.size(); ++at)
            for (const auto& error : errors_of(steps[at])) {
                CAPTURE(static_cast<int>(opened_by));
                CAPTURE(at);
                CAPTURE(name_of(steps[at]));
                CAPTURE(error.message());
                check_life(opened_by, {at, error}, steps[at]);
            }
    }
}

TEST_CASE("faults: whatever fails while a session is being stopped, it stops") {
    for (const auto opened_by : {direction::dialled, direction::accepted}) {
        const auto before = steps_of_life(opened_by, false).size();
        const auto steps = steps_of_life(opened_by, true);
        REQUIRE(steps.size() > before);
        for (auto at = before; at < steps.size(); ++at)
            for (const auto& error : errors_of(steps[at])) {
                CAPTURE(at);
                CAPTURE(name_of(steps[at]));
                CAPTURE(error.message());
                bench b(opened_by);
                b.tested.network.fault = io_fault{at, error};
                b.live();
                b.tested.speaks.stop(wire::make_cease(wire::cease_code::administrative_shutdown));
                b.time->settle(); // no time is needed: the router closes, or the fault is fatal
                CHECK(b.tested.network.alive == 0);
                b.stop();
                CHECK(ends_of(b.tested.seen) ==
                      std::vector<std::string>{"sent Cease / Administrative Shutdown"});
                CHECK(b.time->set() == 0);
            }
    }
}

TEST_CASE(
    "faults: what a coroutine throws leaves the event loop, so that no session is lost unseen") {
    bench b(direction::dialled);
    b.tested.network.throws_at = 2;
    CHECK_THROWS_AS(b.live(), std::bad_alloc);
}
