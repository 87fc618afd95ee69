#include "herald/daemon/inheritance.hpp"

#include "herald/daemon/memory_file.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace herald;
using namespace herald::daemon;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

using steady = std::chrono::steady_clock::time_point;
using wall = std::chrono::system_clock::time_point;

health::check_snapshot a_check() {
    health::check_snapshot check;
    check.status.settled = check.results.settled = health::verdict::degraded;
    check.results = {health::verdict::degraded, health::verdict::pass, 1, 2, 0, 0};
    check.status.last = health::probe_result{health::verdict::pass, true, false, "fine \xff", 3ms};
    check.status.runs = 17;
    check.status.last_run = steady(100s);
    check.status.last_change = steady(90s);
    check.status.due = steady(101s);
    check.ttl = 30s;
    check.until = steady(130s);
    check.lapses = 2;
    return check;
}

managed_service_snapshot a_service() {
    managed_service_snapshot service;
    using enum service::drain_source;
    service.state.verdicts = {health::verdict::degraded, std::nullopt};
    service.state.drains = {{by_operator, {wall(50s), wall(500s), true, "new \"kernel\"", "alice"}},
                            {by_file, {wall(60s), std::nullopt, false, "", "/run/maintenance"}}};
    service.state.drain_ends = {{by_operator, steady(200s)}};
    service.state.draining = {{steady(40s), true}};
    service.state.hold_down = {3, steady(150s), steady(160s)};
    service.state.settled = true;
    service.checks = {{"tcp", a_check()}, {"never run", {}}};
    service.complaints = {{"tcp", "failed: timed out"}};
    service.health = service::health_state::degraded;
    service.administration = service::administration::drained;
    service.heard = net::announcement::none;
    service.since = wall(70s);
    service.event = "drained by alice";
    return service;
}

peering::bfd_session_snapshot a_bfd_session() {
    peering::bfd_session_snapshot session{{}, peering::bfd_path::multihop, 12};
    session.machine.local = 7;
    return session;
}

inheritance everything() {
    inheritance left;
    left.program = "1.0";
    left.proof = "0123456789abcdef";
    left.configuration = "[bgp]\nlocal_as = 65010 # \xc3\xa4\n";
    left.passwords = {{"leaf1", "open \"sesame\" \x01"}};
    left.bfd_passwords = {{"leaf1", "\x02 other \xff"}};
    left.speaker.neighbors["leaf1"] = {};
    left.speaker.listeners = {{{boost::asio::ip::make_address("::1"), 179}, 9}};
    left.speaker.bfd.sessions["leaf1"] = a_bfd_session();
    left.speaker.bfd.receivers = {{peering::bfd_path::multihop, true, 13}};
    left.control = {
        "/run/herald/control.sock", 10,
        boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 9179), 11};
    left.services["dns"] = a_service();
    left.events = json::object{{"started", 1}};
    return left;
}

} // namespace

TEST_CASE("inheritance: all of it comes back from JSON") {
    const auto left = everything();
    const auto read = inheritance_from_json(to_json(left));
    REQUIRE(read.has_value());
    CHECK(read->program == left.program);
    CHECK(read->proof == left.proof);
    CHECK(read->configuration == left.configuration);
    CHECK(read->passwords == left.passwords);
    CHECK(read->bfd_passwords == left.bfd_passwords);
    CHECK(read->speaker == left.speaker);
    CHECK(read->control == left.control);
    CHECK(read->services == left.services);
    CHECK(read->events == left.events);
    CHECK(read->unreadable.empty());
    CHECK(sockets_of(*read) == std::vector<int>{9, 12, 13, 10, 11});
}

TEST_CASE("inheritance: each thing that can be heard of a service comes back") {
    using enum net::announcement;
    for (const auto heard : {none, normal, degraded, draining, down, held}) {
        CAPTURE(net::to_string(heard));
        auto left = everything();
        left.services["dns"].heard = heard;
        const auto read = inheritance_from_json(to_json(left));
        REQUIRE(read.has_value());
        CHECK(read->services == left.services);
        CHECK(read->unreadable.empty());
    }
}

TEST_CASE("inheritance: cut at any length it is refused") {
    const auto text = to_json(everything());
    for (std::size_t length = 0; length < text.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(inheritance_from_json(std::string_view(text).substr(0, length)));
    }
}

TEST_CASE("inheritance: of another version it is refused, and says so") {
    auto text = json::parse(to_json(everything())).as_object();
    text["version"] = 2;
    CHECK(inheritance_from_json(json::serialize(text)).error() ==
          "its version is 2, this program reads version 1");
    text.erase("version");
    CHECK_FALSE(inheritance_from_json(json::serialize(text)));
}

TEST_CASE("inheritance: of a program without BFD it has none of its passwords") {
    auto text = json::parse(to_json(everything())).as_object();
    text.erase("bfd_passwords");
    const auto read = inheritance_from_json(json::serialize(text));
    REQUIRE(read.has_value());
    CHECK(read->bfd_passwords.empty());
    CHECK(read->passwords == everything().passwords);
}

TEST_CASE("inheritance: a neighbor that cannot be read costs that neighbor alone") {
    auto text = json::parse(to_json(everything())).as_object();
    text["neighbors"].as_object()["leaf2"] =
        json::object{{"sockets", {{"1", 12}}}, {"peer", {{"version", 7}}}};
    const auto read = inheritance_from_json(json::serialize(text));
    REQUIRE(read.has_value());
    CHECK(read->speaker.neighbors.contains("leaf1"));
    CHECK_FALSE(read->speaker.neighbors.contains("leaf2"));
    CHECK(read->unreadable.contains("leaf2"));
    CHECK(read->unused_sockets == std::vector<int>{12});
    CHECK(sockets_of(*read) == std::vector<int>{12, 9, 12, 13, 10, 11});
}

TEST_CASE("inheritance: so does one whose BFD session cannot be read, and says so") {
    auto text = json::parse(to_json(everything())).as_object();
    text["neighbors"].at("leaf1").at("bfd").at("session").at("remote").as_object()["state"] =
        "well";
    const auto read = inheritance_from_json(json::serialize(text));
    REQUIRE(read.has_value());
    CHECK(read->speaker.neighbors.empty());
    CHECK(read->speaker.bfd.sessions.empty());
    CHECK(read->unreadable.at("leaf1").starts_with("its BFD session: "));
    CHECK(read->unused_sockets == std::vector<int>{12});
}

TEST_CASE("inheritance: a program that had no BFD left nothing of it") {
    auto text = json::parse(to_json(everything())).as_object();
    text.erase("bfd_receivers");
    text["neighbors"].at("leaf1").as_object().erase("bfd");
    const auto read = inheritance_from_json(json::serialize(text));
    REQUIRE(read.has_value());
    CHECK(read->speaker.neighbors.contains("leaf1"));
    CHECK(read->speaker.bfd == peering::bfd_snapshot{});
}

TEST_CASE("inheritance: standard input and output are nobody's sockets") {
    for (const int number : {-1, 0, 2}) {
        auto text = json::parse(to_json(everything())).as_object();
        text["control"].as_object()["socket"] = number;
        CHECK_FALSE(inheritance_from_json(json::serialize(text)));
    }
}

TEST_CASE("memory_file: what is sealed is read as it was written, and nothing else is") {
    const auto sealed = memory_file::make_sealed("what is left");
    REQUIRE(sealed);
    CHECK(read_sealed(sealed->descriptor()) == "what is left");
    CHECK(::write(sealed->descriptor(), "x", 1) < 0);
    CHECK(::ftruncate(sealed->descriptor(), 0) != 0);

    const auto open = memory_file::make();
    REQUIRE(open);
    CHECK(::write(open->descriptor(), "what is left", 12) == 12);
    CHECK(open->read() == "what is left");
    CHECK(read_sealed(open->descriptor()).error() == "it is not sealed memory");
    CHECK_FALSE(read_sealed(STDOUT_FILENO));
    CHECK_FALSE(read_sealed(-1));
}
