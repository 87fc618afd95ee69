// No file descriptor is left.
#include "herald/peering/listener.hpp"
#include "tests/peering/no_descriptors.hpp"
#include "tests/peering/scripted_neighbor.hpp"

using namespace herald;
using namespace herald::peering;
using namespace herald::peering::test;

TEST_CASE("descriptors: without one a listener waits, does not spin, and accepts later" *
          doctest::skip(sanitized)) {
    asio::io_context context;
    std::vector<tcp::socket> accepted;
    const auto listening = std::make_shared<listener>(
        context.get_executor(),
        [&](const listener&, tcp::socket socket) { accepted.push_back(std::move(socket)); });
    tcp::acceptor place(context, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    const auto endpoint = place.local_endpoint();
    place.close();
    REQUIRE(listening->listen(endpoint.address(), endpoint.port(), {}));
    tcp::socket first(context, tcp::v4()), second(context, tcp::v4());
    {
        const no_descriptors starved;
        first.connect(endpoint);
        second.connect(endpoint);
        CHECK(context.run_for(350ms) < 30); // a try each 100 ms, of a few turns of the loop
        CHECK(accepted.empty());
    }
    CHECK(run_until(context, [&] { return accepted.size() == 2; }));
    listening->stop();
}

TEST_CASE("descriptors: without one dialling fails as any other dialling does" *
          doctest::skip(sanitized)) {
    asio::io_context context;
    recorder seen;
    raw_router router(context);
    neighbor under_test(on_loopback(context.get_executor()), settings_towards(router.port()), seen);
    {
        const no_descriptors starved;
        under_test.start();
        REQUIRE(run_until(context, [&] { return seen.lines.size() >= 3; }));
        CHECK(context.run_for(350ms) < 30); // the second retry is after 0.75 of a second
        CHECK(seen.lines == std::vector<std::string>{"Connect", "Active", "Too many open files",
                                                     "Connect", "Active", "Too many open files"});
    }
    auto peer = router.accept();
    peer.establish();
    CHECK(run_until(context, [&] { return under_test.established(); }));
}
