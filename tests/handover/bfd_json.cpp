#include "herald/handover/bfd_json.hpp"

#include "tests/bfd/scripted_link.hpp"
#include "tests/support/json_places.hpp"
#include "tests/support/sanitized.hpp"

#include <boost/json.hpp>

using namespace herald;
using namespace herald::bfd;
using namespace herald::bfd::test;
using namespace std::chrono_literals;
using herald::handover::bfd_from_json;
using herald::handover::to_json;
using herald::test::check_every_place;

namespace {

namespace json = boost::json;

/// What the next process reads.
session_snapshot carried(const session_snapshot& from) {
    auto read = bfd_from_json(json::parse(json::serialize(to_json(from))));
    REQUIRE_MESSAGE(read.has_value(), read.error());
    CHECK(*read == from);
    return *read;
}

/// As much as there can be in one, and no two values of a kind the same.
session_snapshot full() {
    const auto at = [](auto after) { return time_point(1h + after); };
    session_snapshot made{.state = session_state::up,
                          .diagnostic = diagnostic::path_down,
                          .local = 4294967295,
                          .since = std::chrono::system_clock::time_point(2s),
                          .transitions = 3,
                          .sent = std::numeric_limits<std::uint64_t>::max(),
                          .received = 5,
                          .dropped = {},
                          .desired_min_tx = 4294967295us,
                          .required_min_rx = 7us,
                          .earlier_min_tx = 8us,
                          .earlier_min_rx = 9us,
                          .polling = true,
                          .settling = false,
                          .heard_at = at(10ns),
                          .remote_state = session_state::init,
                          .remote_diagnostic = diagnostic{31},
                          .remote = 12,
                          .remote_demand = true,
                          .remote_multiplier = 255,
                          .remote_min_tx = 14us,
                          .remote_min_rx = 0us,
                          .sent_at = at(-16ns),
                          .jitter = 1'000'000,
                          .jitter_seed = 18,
                          .silent_at = std::nullopt,
                          .send_sequence = 19,
                          .received_sequence = 20,
                          .forget_sequence_at = at(21ns)};
    for (std::size_t i = 0; i < discard_count; ++i)
        made.dropped.counts.at(i) = 100 + i;
    REQUIRE(find_fault(made) == std::nullopt);
    return made;
}

session_snapshot shut_down() {
    session_snapshot made;
    made.local = 1;
    made.state = session_state::admin_down;
    made.silent_at = time_point(2h);
    return made;
}

std::string fault_of_bfd(const json::value& value) {
    const auto read = bfd_from_json(value);
    return read ? "nothing" : read.error();
}

session_settings any_settings(scripted_link& by) {
    return {.min_tx = 50ms * (1 + by.number(9)),
            .min_rx = 50ms * (1 + by.number(9)),
            .multiplier = static_cast<std::uint8_t>(1 + by.number(4)),
            .authentication =
                authentication_settings{authentication_type::meticulous_sha1, 1, "secret"}};
}

/// Up, Down, AdminDown, polls, and losses, as the seed has it.
void live(scripted_link& link) {
    for (auto& each : link.sides)
        each.loss = 0.1;
    for (int i = 0; i < 6; ++i) {
        link.pass(std::chrono::milliseconds{link.number(4000)});
        const auto which = link.number(1);
        auto& side = link.sides.at(which);
        switch (link.number(3)) {
        case 0: link.perform(which, side.tested.shut_down(link.at)); break;
        case 1: link.perform(which, side.tested.enable(link.at)); break;
        case 2: link.perform(which, side.tested.change(any_settings(link), link.at)); break;
        default: side.loss = link.number(1); break;
        }
    }
    link.pass(4s);
}

} // namespace

TEST_CASE("bfd_json: a session that is handed over as JSON before any event sends, octet for "
          "octet, what it would have sent") {
    const auto settings = [] {
        session_settings made;
        made.authentication = {authentication_type::meticulous_sha1, 1, "secret"};
        return made;
    }();
    for (std::uint32_t seed = 1; seed <= 10 * herald::test::runs_by_chance; ++seed) {
        CAPTURE(seed);
        scripted_link whole({settings, settings}, seed);
        live(whole);
        scripted_link handed_over({settings, settings}, seed);
        handed_over.carry = carried;
        handed_over.before_event = [&handed_over] {
            for (const auto side : {std::size_t{0}, std::size_t{1}})
                handed_over.hand_over(side);
        };
        live(handed_over);
        CHECK(handed_over.everything == whole.everything);
        for (const auto side : {std::size_t{0}, std::size_t{1}})
            CHECK(handed_over.sides.at(side).tested.snapshot() ==
                  whole.sides.at(side).tested.snapshot());
    }
}

TEST_CASE("bfd_json: whatever a session can be comes back") {
    carried(full());
    carried(shut_down());
    session_snapshot fresh;
    fresh.local = 1;
    carried(fresh);
}

TEST_CASE("bfd_json: a value that is missing, or is not what it has to be, is told with its "
          "place") {
    const auto places = check_every_place(to_json(full()), fault_of_bfd);
    CHECK(places.size() > 30);
    check_every_place(to_json(shut_down()), fault_of_bfd);
    for (const auto* const each : {"remote.state", "dropped.hop limit", "received_sequence"})
        CHECK_MESSAGE(places.contains(each), each);
}

TEST_CASE("bfd_json: what is out of range is told with its place") {
    struct row {
        std::string_view place; // as a JSON pointer
        std::string_view value;
        std::string_view fault;
    };
    for (const auto& [place, value, fault] : std::initializer_list<row>{
             {"/state", R"("Up")", "state: it is not one of the known names"},
             {"/diagnostic", "32", "diagnostic: it is not a whole number from 0 to 31"},
             {"/discriminator", "4294967296",
              "discriminator: it is not a whole number from 0 to 4294967295"},
             {"/discriminator", "0", "it has no discriminator"},
             {"/dropped/length", "-1",
              "dropped.length: it is not a whole number from 0 to 18446744073709551615"},
             {"/desired_min_tx_microseconds", "4294967296",
              "desired_min_tx_microseconds: it is not a whole number from 0 to 4294967295"},
             {"/earlier_min_rx_microseconds", "-1",
              "earlier_min_rx_microseconds: it is not a whole number from 0 to 4294967295"},
             {"/remote/multiplier", "256",
              "remote.multiplier: it is not a whole number from 0 to 255"},
             {"/remote/multiplier", "0",
              "it knows of a neighbor that it has not heard, or not enough of one that it has"},
             {"/jitter_millionths", "1000001",
              "jitter_millionths: it is not a whole number from 0 to 1000000"},
             {"/received_sequence", "4294967296",
              "received_sequence: it is not a whole number from 0 to 4294967295"},
             {"/sent_at", "9223372036854775807", "it has times that cannot be"},
             {"/silent_at", "1", "it is to fall silent and is not AdminDown"},
         }) {
        CAPTURE(place);
        json::value document = to_json(full());
        document.at_pointer(place) = json::parse(value);
        CHECK(fault_of_bfd(document) == fault);
    }
}

TEST_CASE("bfd_json: a reason for drops that is not known is a fault") {
    json::value document = to_json(full());
    auto& dropped = document.at("dropped").as_object();
    dropped["weather"] = 1;
    CHECK(fault_of_bfd(document) == "dropped: it has more than 17 keys");
    dropped.erase("hop limit");
    CHECK(fault_of_bfd(document) == "dropped: \"hop limit\" is missing");
}

TEST_CASE("bfd_json: of another version nothing is read") {
    json::value document = to_json(full());
    document.at("version") = 2;
    document.as_object().erase("state");
    CHECK(fault_of_bfd(document) ==
          "version: it is 2, which is newer than 1, the only one that is known");
    document.at("version") = 0;
    CHECK(fault_of_bfd(document) ==
          "version: it is 0, which is older than 1, the only one that is known");
}
