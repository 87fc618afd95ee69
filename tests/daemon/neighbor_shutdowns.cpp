#include "herald/daemon/neighbor_shutdowns.hpp"

#include "tests/peering/fixed_links.hpp"
#include "tests/support/disk.hpp"
#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <fstream>

using namespace herald;
using namespace herald::daemon;

namespace {

struct nobody final : peering::neighbor_observer {
    void state_changed(const peering::neighbor&, bgp::session_state, bgp::session_state) override {}
    void session_up(const peering::neighbor&, const bgp::negotiated_session&) override {}
    void session_ended(const peering::neighbor&, const peering::session_end&) override {}
    void malformed_update(const peering::neighbor&, const bgp::malformed_update&) override {}
    void problem(const peering::neighbor&, const std::string&) override {}
    void bfd_changed(const peering::neighbor&, const bfd::action::state_changed&) override {}
};

peering::neighbor_settings leaf() {
    peering::neighbor_settings settings;
    settings.name = "leaf";
    settings.address = boost::asio::ip::make_address("127.0.0.1");
    settings.passive = true;
    return settings;
}

/// One run of the program, in a directory that outlives it.
struct run {
    boost::asio::io_context& context;
    nobody observer;
    peering::speaker speaker{
        peering::test::on_loopback(context.get_executor()), {}, {leaf()}, observer};
    neighbor_shutdowns shutdowns;

    run(boost::asio::io_context& loop, const test::temporary_directory& directory)
        : context(loop)
        , shutdowns(loop.get_executor(), directory.path(), speaker) {
        REQUIRE(shutdowns.load());
    }
    bool is_down() const { return speaker.find("leaf")->administratively_down(); }
    neighbor_shutdowns::outcome into(std::optional<std::error_code>& outcome) {
        return [&outcome](std::error_code error) { outcome = error; };
    }
    void wait_for(const std::optional<std::error_code>& outcome) {
        REQUIRE(test::run_until(context, [&] { return outcome.has_value(); }));
    }
};

const stored_shutdown maintenance{std::chrono::system_clock::time_point(std::chrono::hours(480000)),
                                  "new optics", "alice"};

} // namespace

TEST_CASE("neighbor_shutdowns: what is shut down stays so over a restart, until it is enabled") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    std::optional<std::error_code> outcome;
    {
        run first(context, directory);
        CHECK_FALSE(first.is_down());
        first.shutdowns.shut_down("leaf", maintenance, first.into(outcome));
        CHECK(first.is_down()); // at once; it is told once it is on disk
        CHECK_FALSE(outcome);
        first.wait_for(outcome);
        CHECK_FALSE(*outcome);
    }
    {
        run second(context, directory);
        CHECK(second.is_down());
        outcome.reset();
        second.shutdowns.enable("leaf", second.into(outcome));
        CHECK_FALSE(second.is_down());
        second.wait_for(outcome);
    }
    CHECK_FALSE(run(context, directory).is_down());
}

TEST_CASE("neighbor_shutdowns: a reload that makes the neighbor anew does not enable it") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    run here(context, directory);
    test::disk_is disk(test::disk::hangs);
    std::optional<std::error_code> outcome;
    here.shutdowns.shut_down("leaf", maintenance, here.into(outcome));
    auto other = leaf();
    other.session.remote_as = 64999;
    REQUIRE(here.speaker.change({}, {other}));
    CHECK_FALSE(here.is_down());
    here.shutdowns.enforce();
    CHECK(here.is_down());
    here.shutdowns.enable("leaf", {[](std::error_code) {}});
    here.shutdowns.enforce();
    CHECK_FALSE(here.is_down());
    disk.become(test::disk::good);
    here.wait_for(outcome);
}

TEST_CASE("neighbor_shutdowns: that it could not be stored is told") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    run here(context, directory);
    const test::disk_is disk(test::disk::fails);
    std::optional<std::error_code> outcome;
    here.shutdowns.shut_down("leaf", maintenance, here.into(outcome));
    here.wait_for(outcome);
    CHECK(*outcome == std::errc::io_error);
    CHECK(here.is_down());
}

TEST_CASE("neighbor_shutdowns: the text is read as it was written, and nothing else is") {
    const stored_shutdowns all{{"leaf", maintenance}};
    CHECK(to_json(all) ==
          "{\"version\":1,\"shut_down\":{\"leaf\":{\"since\":\"2024-10-04T00:00:00Z\","
          "\"reason\":\"new optics\",\"by\":\"alice\"}}}\n");
    CHECK(shutdowns_from_json(to_json(all)) == all);
    CHECK(shutdowns_from_json("").error() == "empty");
    const auto wrong_with = [](const std::string& leaf) {
        return shutdowns_from_json("{\"version\":1,\"shut_down\":{\"leaf\":" + leaf + "}}\n")
            .error();
    };
    CHECK(wrong_with("1") == "neighbor \"leaf\": not an object");
    CHECK(wrong_with("{}") == "neighbor \"leaf\": \"since\" is missing");
    CHECK(wrong_with("{\"since\":1}") ==
          "neighbor \"leaf\": \"since\" is not a time in UTC (RFC 3339)");
    CHECK(wrong_with("{\"by\":1}") == "neighbor \"leaf\": \"by\" is not a string");
    CHECK(wrong_with("{\"who\":\"x\"}") == "neighbor \"leaf\": unknown key \"who\"");
}
