#include "herald/daemon/managed_services.hpp"

#include "tests/peering/fixed_links.hpp"
#include "tests/support/disk.hpp"
#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <fstream>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;
using service::administration;

namespace {

struct nobody final : service_observer, peering::neighbor_observer {
    void service_changed(managed_service&) override {}
    void check_ran(const managed_service&, const health::check&, bool) override {}
    void drain_expired(managed_service&, const service::drain&) override {}
    bool drained_by_file(const managed_service&) override {
        asked = true;
        return may_go;
    }
    void drain_file_gone(const std::string&) override { gone = true; }
    void state_changed(const peering::neighbor&, bgp::session_state, bgp::session_state) override {}
    void session_up(const peering::neighbor&, const bgp::negotiated_session&) override {}
    void session_ended(const peering::neighbor&, const peering::session_end&) override {}
    void malformed_update(const peering::neighbor&, const bgp::malformed_update&) override {}
    void problem(const peering::neighbor&, const std::string&) override {}
    void bfd_changed(const peering::neighbor&, const bfd::action::state_changed&) override {}

    bool may_go = true; // when its drain file comes
    bool asked = false;
    bool gone = false;
};

config::service_entry without_checks(const std::string& name) {
    config::service_entry entry;
    entry.service.name = name;
    return entry;
}

/// Services of one run of the program, in a directory that outlives it.
struct run {
    boost::asio::io_context& context;
    nobody observer;
    peering::speaker speaker{peering::test::on_loopback(context.get_executor()), {}, {}, observer};
    managed_services services;

    run(boost::asio::io_context& loop, const test::temporary_directory& directory,
        const std::vector<config::service_entry>& entries,
        std::function<clock_reading()> clock = read_clock)
        : context(loop)
        , services(loop.get_executor(), directory.path(), entries, speaker, observer,
                   std::move(clock)) {
        REQUIRE(services.load());
        services.start();
    }
    administration of(const std::string& name) const {
        return services.find(name)->administration();
    }
    std::error_code drain(const std::string& name, const service::drain& drain) {
        std::optional<std::error_code> outcome;
        services.drain({name}, drain, [&](std::error_code error) { outcome = error; });
        REQUIRE(test::run_until(context, [&] { return outcome.has_value(); }));
        return *outcome;
    }
    std::error_code undrain(const std::string& name) {
        std::optional<std::error_code> outcome;
        services.undrain({name}, [&](std::error_code error) { outcome = error; });
        REQUIRE(test::run_until(context, [&] { return outcome.has_value(); }));
        return *outcome;
    }
};

service::drain at_once() {
    service::drain drain;
    drain.since = std::chrono::system_clock::now();
    drain.immediate = true;
    return drain;
}

/// Given two hours ago, for one.
service::drain over_for_an_hour() {
    auto drain = at_once();
    drain.since -= 2h;
    drain.until = drain.since + 1h;
    return drain;
}

/// The machine was booted a minute ago.
std::function<clock_reading()> at_boot(bool synchronised) {
    return [synchronised] {
        return clock_reading{std::chrono::system_clock::now(), 1min, synchronised};
    };
}

} // namespace

TEST_CASE("managed_services: a drain whose service is removed while it is stored hurts nobody") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    run here(context, directory, {without_checks("dns"), without_checks("ntp")});
    std::optional<std::error_code> outcome;
    test::disk_is disk(test::disk::hangs);
    here.services.drain({"dns", "ntp"}, at_once(), [&](std::error_code error) { outcome = error; });
    disk.await_writer();
    SUBCASE("one goes, the other is drained") {
        here.services.change({without_checks("ntp")});
        disk.become(test::disk::good);
        REQUIRE(test::run_until(context, [&] { return outcome.has_value(); }));
        CHECK_FALSE(*outcome);
        CHECK(here.of("ntp") == administration::drained);
        CHECK(here.services.orphaned_drains() == std::vector<std::string>{"dns"});
    }
    SUBCASE("it is made anew: the drain is in force there") {
        here.services.change({without_checks("ntp")});
        here.services.change({without_checks("ntp"), without_checks("dns")});
        CHECK(here.of("dns") == administration::active);
        disk.become(test::disk::good);
        REQUIRE(test::run_until(context, [&] { return outcome.has_value(); }));
        CHECK(here.of("dns") == administration::drained);
        CHECK(here.of("ntp") == administration::drained);
    }
    SUBCASE("it is not stored: nothing is drained") {
        here.services.change({without_checks("dns")});
        disk.become(test::disk::fails);
        REQUIRE(test::run_until(context, [&] { return outcome.has_value(); }));
        CHECK(*outcome == std::errc::io_error);
        CHECK(here.of("dns") == administration::active);
        CHECK(here.services.orphaned_drains().empty());
    }
}

TEST_CASE(
    "managed_services: a renamed service's drain is kept as an orphan, until it is undrained") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    {
        run before(context, directory, {without_checks("dns")});
        CHECK_FALSE(before.drain("dns", at_once()));
        CHECK(before.services.drained() == std::vector<std::string>{"dns"});
        before.services.change({without_checks("resolver")});
        CHECK(before.of("resolver") == administration::active);
    }
    run after(context, directory, {without_checks("resolver")});
    CHECK(after.services.orphaned_drains() == std::vector<std::string>{"dns"});
    after.services.change({without_checks("dns")});
    CHECK(after.of("dns") == administration::drained);
    after.services.change({without_checks("resolver")});
    CHECK_FALSE(after.undrain("dns"));
    CHECK(after.services.orphaned_drains().empty());
    after.services.change({without_checks("dns")});
    CHECK(after.of("dns") == administration::active);
}

TEST_CASE("managed_services: a drain that ended while nobody looked is not taken up") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    CHECK_FALSE(run(context, directory, {without_checks("dns")}).drain("dns", over_for_an_hour()));
    run after(context, directory, {without_checks("dns")}, at_boot(true));
    CHECK(after.of("dns") == administration::active);
    REQUIRE(test::run_until(context, [&] { return after.services.drained().empty(); }));
}

TEST_CASE("managed_services: at boot a drain stays until the clock can tell that it has ended") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    CHECK_FALSE(run(context, directory, {without_checks("dns")}).drain("dns", over_for_an_hour()));
    bool synchronised = false;
    run after(context, directory, {without_checks("dns")}, [&] { return at_boot(synchronised)(); });
    CHECK(after.of("dns") == administration::drained);
    CHECK(after.services.drained() == std::vector<std::string>{"dns"});
    synchronised = true;
    REQUIRE(test::run_until(context, [&] { return after.of("dns") == administration::active; }));
    REQUIRE(test::run_until(context, [&] { return after.services.drained().empty(); }));
}

TEST_CASE("managed_services: at boot a drain that has not ended gets its own end back") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    auto drain = over_for_an_hour();
    *drain.until += 2h;
    CHECK_FALSE(run(context, directory, {without_checks("dns")}).drain("dns", drain));
    bool synchronised = false;
    run after(context, directory, {without_checks("dns")}, [&] { return at_boot(synchronised)(); });
    const auto end = [&] {
        return after.services.find("dns")->current_drains().begin()->second.until;
    };
    CHECK(end() > *drain.until + 1h);
    synchronised = true;
    REQUIRE(test::run_until(context, [&] { return end() == drain.until; }));
    CHECK(after.of("dns") == administration::drained);
}

TEST_CASE("managed_services: flaps and hold-down outlive the program, and a crash of it") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    auto entry = without_checks("dns");
    entry.service.hold_down = 1h;
    entry.service.hold_down_max = 2h;
    health::check_settings pushed;
    pushed.name = "push";
    pushed.probe = health::push_settings{};
    pushed.rise = pushed.fall = 1;
    entry.checks = {pushed};
    const auto report = [](run& here, health::verdict outcome) {
        here.services.find("dns")->checks().front()->report({outcome, {}, ""});
        here.services.announced("dns");
    };
    {
        run before(context, directory, {entry});
        report(before, health::verdict::pass);
        CHECK(before.services.find("dns")->health() == service::health_state::up);
        report(before, health::verdict::fail);
        CHECK(before.services.find("dns")->health() == service::health_state::down);
    }
    run after(context, directory, {entry});
    const auto& dns = *after.services.find("dns");
    CHECK(dns.health() == service::health_state::down);
    report(after, health::verdict::pass);
    CHECK(dns.held_down());
    REQUIRE(dns.holding());
    CHECK(dns.holding()->flaps(std::chrono::steady_clock::now()) == 1);
    CHECK(dns.holding()->until() > std::chrono::steady_clock::now() + 59min);
}

TEST_CASE("managed_services: a damaged file of hold-downs does not keep the daemon from starting") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    std::ofstream(directory.path() / "hold_downs.json") << "{\"version\":1,";
    const run here(context, directory, {without_checks("dns")});
    CHECK(here.of("dns") == administration::active);
}

TEST_CASE("managed_services: a damaged file of drains does") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    std::ofstream(directory.path() / "drains.json") << "{\"version\":1,";
    nobody observer;
    peering::speaker speaker(peering::test::on_loopback(context.get_executor()), {}, {}, observer);
    managed_services services(context.get_executor(), directory.path(), {}, speaker, observer);
    CHECK_FALSE(services.load());
}

namespace {

config::service_entry with_drain_file(const std::filesystem::path& file) {
    auto entry = without_checks("dns");
    entry.service.drain_file = file;
    entry.service.drain_time = 1h;
    return entry;
}

} // namespace

TEST_CASE("managed_services: a drain file that comes drains in stages, and its going ends that") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    const auto file = directory.path() / "maintenance";
    run here(context, directory, {with_drain_file(file)});
    REQUIRE(test::run_until(
        context, [&] { return here.services.find("dns")->health() == service::health_state::up; }));
    std::ofstream(file).put('x');
    REQUIRE(test::run_until(context, [&] { return here.of("dns") == administration::draining; }));
    CHECK(here.services.find("dns")->current_drains().begin()->second.by == file.string());
    SUBCASE("it goes") {
        std::filesystem::remove(file);
    }
    SUBCASE("the service has none any more") {
        here.services.change({without_checks("dns")});
    }
    REQUIRE(test::run_until(context, [&] { return here.of("dns") == administration::active; }));
}

TEST_CASE("managed_services: a drain file that comes drains when it may") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    const auto file = directory.path() / "maintenance";
    run here(context, directory, {with_drain_file(file)});
    REQUIRE(test::run_until(
        context, [&] { return here.services.find("dns")->health() == service::health_state::up; }));
    here.observer.may_go = false;
    std::ofstream(file).put('x');
    REQUIRE(test::run_until(context, [&] { return here.observer.asked; }));
    CHECK(here.of("dns") == administration::active);
    SUBCASE("it may") {
        here.services.drain_by_file("dns");
        CHECK(here.of("dns") == administration::draining);
    }
    SUBCASE("it goes before") {
        here.observer.gone = false;
        std::filesystem::remove(file);
        REQUIRE(test::run_until(context, [&] { return here.observer.gone; }));
        CHECK(here.of("dns") == administration::active);
    }
}

TEST_CASE("managed_services: a drain file that is there at the start drains at once") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    const auto file = directory.path() / "maintenance";
    std::ofstream(file).put('x');
    run here(context, directory, {with_drain_file(file)});
    SUBCASE("of the daemon") {}
    SUBCASE("of a service that a reload brings, and changes before it has started") {
        here.services.change({});
        here.services.change({with_drain_file(file)});
        auto other = with_drain_file(file);
        other.service.hold_down = 1h;
        here.services.change({other});
    }
    REQUIRE(test::run_until(context, [&] {
        return here.services.find("dns")->health() != service::health_state::unknown;
    }));
    CHECK(here.of("dns") == administration::drained);
}

TEST_CASE("managed_services: a drain file on a server that is away delays the start, no longer") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    const auto file = directory.path() / "away";
    const test::hung_path server(file.string());
    auto other = without_checks("ntp");
    run here(context, directory, {with_drain_file(file), other});
    CHECK(here.services.find("ntp")->health() == service::health_state::up);
    CHECK(here.services.find("dns")->health() == service::health_state::unknown);
    REQUIRE(test::run_until(
        context, [&] { return here.services.find("dns")->health() == service::health_state::up; },
        20s));
}
