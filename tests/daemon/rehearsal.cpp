#include "herald/daemon/rehearsal.hpp"

#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>

#include <doctest/doctest.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string_view>
#include <vector>

using namespace herald;
using namespace herald::daemon;

TEST_CASE("try_host: a host that the daemon can start on is left as it was") {
    const test::temporary_directory directory;
    CHECK(try_host({}, directory.path() / "state", {}));
    CHECK(std::filesystem::is_empty(directory.path() / "state"));
}

TEST_CASE("try_host: a group that the host does not have would keep the daemon from starting") {
    const test::temporary_directory directory;
    config::configuration settings;
    settings.control.group = "no-such-group";
    CHECK(try_host(settings, directory.path(), {}).error() ==
          "control.group: there is no group \"no-such-group\"");
    CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("try_host: a state directory that is a file would too") {
    const test::temporary_directory directory;
    const auto state = directory.path() / "state";
    std::ofstream(state).put('x');
    CHECK(try_host({}, state, {}).error() ==
          "cannot write the state directory " + state.string() + ": Not a directory");
}

TEST_CASE("try_host: what lies in the state directory has to be readable") {
    for (const auto* name : {"drains.json", "neighbors.json", "addresses.json"}) {
        const test::temporary_directory directory;
        std::ofstream(directory.path() / name).put('{');
        const auto possible = try_host({}, directory.path(), {});
        REQUIRE_FALSE(possible);
        CHECK(possible.error().starts_with((directory.path() / name).string() + ": "));
    }
}

TEST_CASE("try_host: a port that another program has keeps the daemon from listening, its own does "
          "not") {
    const test::temporary_directory directory;
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor taken(context, {boost::asio::ip::address_v4::loopback(), 0});
    const auto where = taken.local_endpoint();
    config::configuration settings;
    settings.listen = {{where.address()}, where.port()};
    inheritance left;
    CHECK(try_host(settings, directory.path(), left).error() ==
          fmt::format("bgp.listen: cannot listen on 127.0.0.1 port {}: Address already in use",
                      where.port()));
    left.speaker.listeners = {{where, 7}};
    CHECK(try_host(settings, directory.path(), left));
    settings.metrics.listen = where;
    CHECK_FALSE(try_host(settings, directory.path(), left));
    left.control.asked_for = where;
    CHECK(try_host(settings, directory.path(), left));
}

namespace {

constexpr std::string_view configuration = R"([bgp]
local_as = 65010
router_id = "192.0.2.1"
[defaults.neighbor]
remote_as = 64500
[[neighbor]]
name = "same"
address = "198.51.100.1"
[[neighbor]]
name = "other"
address = "198.51.100.2"
[[neighbor]]
name = "gone"
address = "198.51.100.3"
[[neighbor]]
name = "idle"
address = "198.51.100.4"
[[neighbor]]
name = "garbled"
address = "198.51.100.5"
[[service]]
name = "dns"
prefixes = ["192.0.2.0/24"]
)";

config::configuration parsed(std::string_view text) {
    auto loaded = config::parse(text, "herald.toml");
    REQUIRE(loaded.settings);
    return *std::move(loaded.settings);
}

peering::neighbor_snapshot in_session() {
    peering::neighbor_snapshot neighbor;
    neighbor.peer.connections.emplace_back().fsm.state = bgp::session_state::established;
    return neighbor;
}

} // namespace

TEST_CASE("prospects: a session is kept if it is one, can be read, and may go on with the settings "
          "that there are by then") {
    inheritance left;
    for (const auto* name : {"same", "other", "gone"})
        left.speaker.neighbors.emplace(name, in_session());
    left.speaker.neighbors.emplace("idle", peering::neighbor_snapshot());
    left.unreadable.emplace("garbled", "connections[0]: it is missing");
    const auto in_force = parsed(configuration);
    auto next = in_force;
    next.neighbors[1].session.hold_time = std::chrono::seconds(9);
    next.neighbors.erase(next.neighbors.begin() + 2);
    CHECK(prospects(left, in_force, next) ==
          std::vector<prospect>{
              {"garbled", false, false,
               "the new program cannot read its state: connections[0]: it is missing"},
              {"gone", false, true, "it is no longer in the configuration"},
              {"idle", false, true, "there is no session"},
              {"other", false, true, "its configuration has changed"},
              {"same", true, true, ""}});
    const auto unread = prospects(left, std::unexpected("herald.toml:1:1: unknown key"), next);
    CHECK(unread.back() ==
          prospect{"same", false, false,
                   "the new program cannot read the configuration that is in force: "
                   "herald.toml:1:1: unknown key"});
}

TEST_CASE(
    "configuration_of: passwords are those that were in force, whatever their files say now") {
    inheritance left;
    left.configuration = configuration;
    left.passwords = {{"same", "open sesame"}};
    auto expected = parsed(configuration);
    expected.neighbors[0].password = "open sesame";
    CHECK(configuration_of(left, "herald.toml") == expected);
    constexpr std::string_view before = "[[neighbor]]\nname = \"other\"";
    left.configuration.insert(left.configuration.find(before),
                              "bfd = { authentication = \"sha1\", password = \"new\" }\n");
    left.bfd_passwords = {{"same", "old"}};
    expected.neighbors[0].bfd.emplace().session.authentication = {
        bfd::authentication_type::keyed_sha1, 1, "old"};
    CHECK(configuration_of(left, "herald.toml") == expected);
    left.configuration = "[bgp]\nlocal_az = 1\n";
    CHECK_FALSE(configuration_of(left, "herald.toml"));
}

TEST_CASE("rehearsal_report: comes back from JSON, and nothing else is one") {
    const rehearsal_report report{
        "0123", "1.2", {{"a", true, true, ""}, {"b", false, false, "why \xc3\xa4 \xff"}}};
    CHECK(report_from_json(to_json(report)) == report);
    for (const auto* text : {"", "{", "[]", R"({"proof":"0123"})"})
        CHECK_FALSE(report_from_json(text));
}
