#include "herald/handover/peer_json.hpp"

#include "tests/bgp/peer_support.hpp"
#include "tests/bgp/scripted_life.hpp"
#include "tests/support/json_places.hpp"

#include <array>
#include <boost/asio/error.hpp>
#include <boost/json.hpp>
#include <limits>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;
using herald::handover::peer_from_json;
using herald::handover::route_tables;
using herald::handover::tables_from_json;
using herald::handover::to_json;
using herald::test::check_every_place;
using herald::test::document_walk;

namespace {

namespace json = boost::json;
namespace ip = boost::asio::ip;

/// What the next process reads.
peer_snapshot carried(const peer_snapshot& from) {
    auto read = peer_from_json(json::parse(json::serialize(to_json(from))));
    REQUIRE_MESSAGE(read.has_value(), read.error());
    CHECK(*read == from);
    return std::move(*read);
}

feed_snapshot& feed_of(peer_snapshot& of, net::address_family family) {
    return of.routes.at(family);
}

/// All that attributes can be.
shared_attributes every_attribute() {
    auto made = *route(7);
    made.path = wire::as_path{{wire::as_segment::kind::sequence, {65010, 4200000000}},
                              {wire::as_segment::kind::set, {1, 2}},
                              {wire::as_segment::kind::confed_sequence, {3}},
                              {wire::as_segment::kind::confed_set, {4}}};
    made.next_hop = wire::next_hop{ip::make_address("2001:db8::2"), ip::make_address_v6("fe80::2")};
    made.local_pref = 200;
    made.atomic_aggregate = true;
    made.aggregator = wire::aggregator{4200000000, 1};
    made.communities = {net::community::no_export, net::community::blackhole};
    made.originator_id = 5;
    made.cluster_list = {6, 7};
    made.extended_communities = {net::extended_community{0x0002FDF200000064}};
    made.large_communities = {{65010, 1, 2}};
    made.only_to_customer = 65010;
    made.unknown = {{0xC0, 20, {1, 2, 3}}, {0xE0, 99, std::vector<std::uint8_t>(300, 7)}};
    return std::make_shared<const wire::path_attributes>(std::move(made));
}

/// As much as there can be in one.
peer_snapshot full() {
    peer_bench b;
    b.under_test.heard().want(ipv4_prefix, route(1));
    b.under_test.heard().want(ipv6_prefix, route(1));
    b.under_test.routes_complete();
    b.establish();
    b.written(1);
    const auto half = wire::encode_keepalive();
    b.receive(1, {half.begin(), half.begin() + 7});
    b.accepted();
    auto made = b.under_test.snapshot();
    REQUIRE(made.connections.size() == 2);
    auto& one = made.connections[1];
    one.fsm.session->peer_graceful_restart = {true, true, 120, {{1, 1, true}, {25, 70, false}}};
    one.fsm.session->peer_role = 3;
    one.local_address = ip::address_v6(ip::make_address_v6("fe80::1").to_bytes(), 3);
    one.beside.name = "e\xFFth0";
    one.beside.link_local = ip::make_address_v6("fe80::1");
    one.beside.unreadable = std::make_error_code(std::errc::bad_message);
    made.dial_at = b.at.now;
    feed_of(made, net::address_family::ipv4).routes[0].due_again = true;
    feed_of(made, net::address_family::ipv6).routes[0].attributes = every_attribute();
    made.refreshes_asked = {net::address_family::ipv6};
    const std::error_code eof = boost::system::error_code(boost::asio::error::eof);
    session_end last;
    last.sent = wire::make_cease(2, "upgrading");
    last.received = wire::notification{wire::error_code{77}, 9, {0, 255}};
    last.was_established = true;
    session_end last_failure;
    last_failure.at += 1s;
    last_failure.failure = eof;
    last_failure.closed_by_peer = true;
    made.ends = {true, last, last_failure};
    made.transitions = std::numeric_limits<std::uint64_t>::max();
    REQUIRE(find_fault(made) == std::nullopt);
    return made;
}

std::string fault_of(const json::value& value) {
    const auto read = peer_from_json(value);
    return read ? "nothing" : read.error();
}

} // namespace

TEST_CASE("peer_json: a peer that is handed over as JSON after any step of its life, and in the "
          "middle of any message, sends octet by octet what it would have sent") {
    check_every_hand_over(carried);
}

TEST_CASE("peer_json: whatever a peer can be comes back") {
    carried(peer_snapshot());
    carried(full());
    peer_bench down;
    down.establish();
    down.under_test.shut_down("upgrading", down.at);
    carried(down.under_test.snapshot());
    peer_bench internal([] {
        auto settings = peering_settings();
        settings.session.remote_as = settings.session.local_as;
        settings.session.hold_time = 0s;
        return settings;
    }());
    internal.start();
    carried(internal.under_test.snapshot());
    internal.connected(1);
    carried(internal.under_test.snapshot());
    internal.broken(1);
    carried(internal.under_test.snapshot());
}

TEST_CASE("peer_json: a value that is missing, or is not what it has to be, is told with its "
          "place") {
    const auto places = check_every_place(to_json(full()), fault_of);
    CHECK(places.size() > 150);
    for (const auto* const each :
         {"connections[1].fsm.session.peer_graceful_restart.entries[1].safi",
          "connections[0].deadlines.connect_retry", "routes.ipv4.due_again[0][1]",
          "ends.last.received.data", "counters.sent.open"})
        CHECK_MESSAGE(places.contains(each), each);
}

TEST_CASE("peer_json: keys of a later version do not matter") {
    json::value document = to_json(full());
    std::vector<json::object*> objects;
    document_walk walk{document,
                       [&](json::value& value, const std::string&) {
                           if (value.is_object())
                               objects.push_back(&value.get_object());
                       },
                       [](json::object&, const std::string&, const std::string&) {}};
    walk();
    // From within, as an object that grows moves those in it.
    for (auto each = objects.rbegin(); each != objects.rend(); ++each)
        (*each)->emplace("later", json::array{1});
    CHECK(fault_of(document) == "nothing");
}

TEST_CASE("peer_json: what is out of range is told with its place") {
    struct row {
        std::string_view place; // as a JSON pointer
        std::string_view value;
        std::string_view fault;
    };
    const std::string too_long(2 * 65536, '0');
    const std::string longer(2 * 131072, '0');
    const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
    const auto long_octets = quoted(too_long);
    const auto longer_octets = quoted(longer);
    for (const auto& [place, value, fault] : std::initializer_list<row>{
             {"/connections/0/fsm/state", R"("idle")",
              "connections[0].fsm.state: it is not one of the known names"},
             {"/connections/0/opened_by", R"("both")",
              "connections[0].opened_by: it is not one of the known names"},
             {"/connections/0/input", long_octets,
              "connections[0].input: it is more than 65535 octets"},
             {"/connections/0/output", longer_octets,
              "connections[0].output: it is more than 131070 octets"},
             {"/connections/0/local_address", R"("eth0")",
              "connections[0].local_address: it is not an address"},
             {"/connections/1/beside/ipv4", R"("::1")",
              "connections[1].beside.ipv4: it is not an IPv4 address"},
             {"/connections", "[{}, {}, {}, {}]", "connections: it has more than 3 elements"},
             {"/connections/1/fsm/session/hold_time_seconds", "65536",
              "connections[1].fsm.session.hold_time_seconds: it is not a whole number from 0 to "
              "65535"},
             {"/connections/1/fsm/session/format/max_size", "4095",
              "connections[1].fsm.session.format.max_size: it is not a whole number from 4096 to "
              "65535"},
             {"/connections/1/fsm/session/peer_graceful_restart/restart_time", "4096",
              "connections[1].fsm.session.peer_graceful_restart.restart_time: it is not a whole "
              "number from 0 to 4095"},
             {"/connections/1/fsm/session/families", R"(["ipv4", "ipv6", "ipv4"])",
              "connections[1].fsm.session.families: it has more than 2 elements"},
             {"/failures", "-1", "failures: it is not a whole number from 0 to 4294967295"},
             {"/failures", "21", "it has had more failures than are counted"},
             {"/ends/last/sent/code", "256",
              "ends.last.sent.code: it is not a whole number from 0 to 255"},
             {"/routes/ipv4/end_of_rib", R"("lost")",
              "routes.ipv4.end_of_rib: it is not one of the known names"},
             {"/routes/ipv4/due_again/0", "[0, 2]",
              "routes.ipv4.due_again[0][1]: it is not a whole number from 0 to 1"},
             {"/routes/ipv4/due_again/0", "[0]",
              "routes.ipv4.due_again[0]: it is not a first route and a number of routes"},
             {"/routes/ipv4/updates/0", long_octets,
              "routes.ipv4.updates[0]: it is more than 65516 octets"},
         }) {
        CAPTURE(place);
        json::value document = to_json(full());
        document.at_pointer(place) = json::parse(value);
        CHECK(fault_of(document) == fault);
    }
}

TEST_CASE("peer_json: of another version nothing is read") {
    json::value document = to_json(full());
    document.at("version") = 2;
    document.as_object().erase("running");
    CHECK(fault_of(document) ==
          "version: it is 2, which is newer than 1, the only one that is known");
    document.at("version") = 0;
    CHECK(fault_of(document) ==
          "version: it is 0, which is older than 1, the only one that is known");
}

TEST_CASE("peer_json: cut at any length it is no JSON") {
    const auto text = json::serialize(to_json(full()));
    for (std::size_t length = 0; length < text.size(); ++length) {
        boost::system::error_code error;
        json::parse(text.substr(0, length), error);
        CHECK(error);
    }
}

TEST_CASE("peer_json: routes are read from UPDATEs that announce them, and from nothing else") {
    const auto ipv4 = [](std::string_view pointer_value) {
        json::value document = to_json(full());
        document.at_pointer("/routes/ipv4/updates/0") = json::string(pointer_value);
        return fault_of(document);
    };
    const std::string refused = "routes.ipv4.updates[0]: it is not an UPDATE that announces routes";
    const std::string right(to_json(full()).at("routes").at_pointer("/ipv4/updates/0").as_string());
    CHECK(ipv4(right) == "nothing");
    CHECK(ipv4("") == refused);
    CHECK(ipv4("00000000") == refused);         // End-of-RIB
    CHECK(ipv4("000418c000020000") == refused); // withdrawn
    for (std::size_t length = 2; length < right.size() - 8; length += 2)
        CHECK(ipv4(right.substr(0, length)) == refused);
    CHECK(ipv4(right + "18c00002") == "it has routes that its session cannot have"); // twice
    CHECK(ipv4(right + "21c00002") == refused); // a length of 33
    auto wrong = right;
    wrong.replace(wrong.find("400101"), 8, "40010103"); // an ORIGIN of 3
    CHECK(ipv4(wrong) == refused);
    const std::string ipv6(to_json(full()).at("routes").at_pointer("/ipv6/updates/0").as_string());
    CHECK(ipv4(ipv6) == "routes.ipv4.updates[0]: it has routes of another family");
}

TEST_CASE("peer_json: 10,000 routes with the same attributes are sent along as their prefixes, and "
          "share them again") {
    auto many = full();
    for (const auto family : net::all_families) {
        auto& feed = feed_of(many, family);
        const auto attributes = feed.routes[0].attributes;
        const auto other = family == net::address_family::ipv4
                               ? feed.routes[0].attributes
                               : std::make_shared<const wire::path_attributes>(*attributes);
        feed.routes.clear();
        for (std::uint32_t i = 0; i < 10000; ++i) {
            const std::array octets{std::uint8_t{32}, std::uint8_t{1},
                                    static_cast<std::uint8_t>(i >> 8U),
                                    static_cast<std::uint8_t>(i)};
            const std::uint8_t length = family == net::address_family::ipv4 ? 32 : 48;
            feed.routes.push_back(
                {{family, octets, length}, i % 2 == 0 ? attributes : other, i != 5000});
        }
    }
    const auto text = json::serialize(to_json(many));
    MESSAGE("octets for 10,000 routes of each family: ", text.size());
    CHECK(text.size() < 10000 * 2 * (5 + 7) + 8192);
    const auto read = carried(many);
    for (const auto family : net::all_families)
        for (const auto& each : read.routes.at(family).routes)
            CHECK(each.attributes == read.routes.at(family).routes[0].attributes);
    CHECK(to_json(read).at("routes").at_pointer("/ipv4/due_again") ==
          json::parse("[[0, 5000], [5001, 4999]]"));
}

TEST_CASE("peer_json: routes with attributes that no UPDATE has room for cannot be read") {
    auto large = full();
    auto attributes = *route(1);
    attributes.next_hop = wire::next_hop{our_address, std::nullopt};
    attributes.communities.assign(16370, net::community::no_export);
    feed_of(large, net::address_family::ipv4).routes[0].attributes =
        std::make_shared<const wire::path_attributes>(attributes);
    CHECK(fault_of(to_json(large)) ==
          "routes.ipv4.updates[0]: it is not an UPDATE that announces routes");
    attributes.communities.resize(16360);
    feed_of(large, net::address_family::ipv4).routes[0].attributes =
        std::make_shared<const wire::path_attributes>(attributes);
    carried(large);
}

TEST_CASE(
    "route_tables: peers that have the same routes share them, in JSON and once they are read") {
    const auto first = full();
    auto second = first;
    auto third = first;
    feed_of(third, net::address_family::ipv4).routes[0].due_again = false;
    route_tables written;
    std::vector<json::object> peers;
    for (const auto* const each : std::array<const peer_snapshot*, 3>{&first, &second, &third})
        peers.push_back(to_json(*each, &written));
    const auto tables = written.take();
    CHECK(tables.size() == 3); // of IPv6 all have the same
    const auto read_back = tables_from_json(tables);
    std::vector<peer_snapshot> read;
    for (const auto& each : peers) {
        auto one = peer_from_json(each, read_back);
        REQUIRE_MESSAGE(one.has_value(), one.error());
        read.push_back(*std::move(one));
    }
    CHECK(read == std::vector{first, second, third});
    const auto identity = [&](std::size_t peer, net::address_family family) {
        return feed_of(read.at(peer), family).routes.identity();
    };
    using enum net::address_family;
    CHECK(identity(0, ipv4) == identity(1, ipv4));
    CHECK(identity(0, ipv4) != identity(2, ipv4));
    CHECK(identity(0, ipv6) == identity(2, ipv6));
}

TEST_CASE("route_tables: what is wrong with one costs those who have its routes, and nobody else") {
    auto ipv4_only = full();
    route_tables written;
    const auto peer = to_json(ipv4_only, &written);
    auto tables = written.take();
    CHECK_FALSE(peer_from_json(peer));
    CHECK(peer_from_json(peer).error() == "routes.ipv4.table: there is no such table");
    tables.at(0).as_object()["updates"] = json::array{"00"};
    CHECK(peer_from_json(peer, tables_from_json(tables)).error() ==
          "routes.ipv4.table: updates[0]: it is not an UPDATE that announces routes");
    tables.at(0) = tables.at(1);
    CHECK(peer_from_json(peer, tables_from_json(tables)).error() ==
          "routes.ipv4.table: there is no such table"); // of this family
    tables.at(0) = 7;
    CHECK_FALSE(peer_from_json(peer, tables_from_json(tables)));
}
