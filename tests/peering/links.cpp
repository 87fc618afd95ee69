// The kernel's own interfaces, of which the loopback is always one.
#include "herald/peering/links.hpp"

#include "tests/peering/manual_time.hpp"
#include "tests/peering/no_descriptors.hpp"
#include "tests/support/event_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <doctest/doctest.h>
#include <optional>

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;
using herald::test::run_until;

namespace {

const auto loopback = boost::asio::ip::make_address("127.0.0.1");

/// Links that count how often they tell of a change.
struct followed {
    boost::asio::io_context context;
    manual_time time{context};
    links under_test{context.get_executor(), time};
    int changes = 0;

    followed() {
        under_test.on_change([this] { ++changes; });
    }
};

} // namespace

TEST_CASE("links: once started, the kernel's interfaces are known, and that is told once") {
    followed all;
    CHECK(all.under_test.beside(loopback).unreadable);
    all.under_test.start();
    const auto beside = all.under_test.beside(loopback);
    CHECK(beside.name == "lo");
    CHECK(beside.ipv4 == loopback.to_v4());
    CHECK_FALSE(beside.unreadable);
    CHECK(all.changes == 0);
    all.under_test.exclude({boost::asio::ip::make_address("192.0.2.53")});
    CHECK(run_until(all.context, [&] { return all.changes > 0; }));
    all.context.poll();
    CHECK(all.changes == 1); // of two
    CHECK(all.time.set() == 0);
}

TEST_CASE("links: once closed, nothing is followed and nobody told") {
    followed all;
    all.under_test.start();
    all.under_test.close();
    all.context.run();
    CHECK(all.changes == 0);
}

TEST_CASE("links: when it is gone it tells nobody") {
    boost::asio::io_context context;
    manual_time time(context);
    bool told = false;
    {
        links gone(context.get_executor(), time);
        gone.on_change([&] { told = true; });
        gone.start();
    }
    context.run();
    CHECK_FALSE(told);
}

TEST_CASE("links: what could not be opened is tried again each second, and says so once" *
          doctest::skip(sanitized)) {
    followed all;
    const boost::asio::steady_timer first(all.context); // the loop opens what it needs
    {
        const no_descriptors starved;
        all.under_test.start();
        all.time.advance(std::chrono::seconds(3));
        CHECK(all.changes == 1);
        CHECK(all.under_test.beside(loopback).unreadable.value() == EMFILE);
    }
    all.time.advance(links::retry_time);
    CHECK(run_until(all.context, [&] { return all.changes == 2; })); // asked on a thread
    CHECK(all.under_test.beside(loopback).name == "lo");
    CHECK(all.time.set() == 0);
}
