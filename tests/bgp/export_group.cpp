#include "herald/bgp/export_group.hpp"

#include "herald/bgp/rib_out.hpp"
#include "tests/bgp/rib_support.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <memory>
#include <vector>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

std::shared_ptr<export_group> group_of(net::address_family family, const prefixes& routes,
                                       const shared_attributes& with) {
    auto group = std::make_shared<export_group>(family, plain);
    for (const auto& route : routes)
        group->want(route, with);
    return group;
}

/// 10,000 prefixes that take several messages, and more than are encoded at once.
std::shared_ptr<export_group> large_group(const shared_attributes& with) {
    auto group = std::make_shared<export_group>(ipv4, plain);
    for (std::uint32_t i = 0; i < 10'000; ++i)
        group->want(numbered(i, 32), with);
    return group;
}

std::size_t total(const std::vector<wire::octets>& pieces) {
    std::size_t count = 0;
    for (const auto piece : pieces)
        count += piece.size();
    return count;
}

/// Writes so many octets, or all that are due. Returns how many.
std::size_t write(rib_out& neighbor, std::size_t room) {
    std::vector<wire::octets> pieces;
    neighbor.gather(pieces, room);
    const auto count = std::min(room, total(pieces));
    neighbor.wrote(count);
    return count;
}

struct hearing_group : rib_out {
    explicit hearing_group(const std::shared_ptr<export_group>& group) {
        session_up({group->family()});
        join(group->family(), group);
    }
};

} // namespace

TEST_CASE("export_group: neighbors that are up to date are written the same octets") {
    const auto group = group_of(ipv4, {a, b}, attributes(1));
    std::vector<rib_out> neighbors;
    for (int i = 0; i < 5; ++i)
        neighbors.push_back(hearing_group(group));
    for (int change = 0; change < 3; ++change) {
        const std::uint8_t* octets = nullptr;
        for (auto& neighbor : neighbors) {
            std::vector<wire::octets> pieces;
            neighbor.gather(pieces, 65536);
            REQUIRE(pieces.size() == 1);
            CHECK((octets == nullptr || pieces.front().data() == octets));
            octets = pieces.front().data();
            CHECK(neighbor.wrote(pieces.front().size()).updates == 1);
        }
        group->want(a, attributes(2 + static_cast<std::uint32_t>(change)));
    }
}

TEST_CASE("export_group: neighbors of one pace share all that is encoded for them, in many parts") {
    const auto group = large_group(attributes(1));
    hearing_group one(group), other(group);
    std::size_t differences = 0;
    const export_difference* last = nullptr;
    while (write(one, 1000) > 0) {
        write(other, 1000);
        const auto* const shared = one.place(ipv4).difference().get();
        REQUIRE(other.place(ipv4).difference().get() == shared);
        differences += shared != last ? 1U : 0U;
        last = shared;
    }
    CHECK(one.advertised_count(ipv4) == 10'000);
    CHECK(differences > 1);
}

TEST_CASE("export_group: one that comes later shares what was encoded for the first") {
    const auto group = large_group(attributes(1));
    hearing_group one(group);
    std::vector<wire::octets> first, second;
    one.gather(first, 65536);
    one.wrote(total(first));
    while (one.next_message()) {
    }
    hearing_group other(group);
    other.gather(second, 65536);
    CHECK(first.front().data() == second.front().data());
}

TEST_CASE("export_group: those who move together to another group share what that takes") {
    const auto from = group_of(ipv4, {a, b, c}, attributes(1));
    const auto to = group_of(ipv4, {a, b}, attributes(1, "192.0.2.2"));
    hearing_group one(from), other(from);
    for (auto* neighbor : {&one, &other}) {
        REQUIRE(read_all(*neighbor, plain).size() == 1);
        neighbor->join(ipv4, to);
        CHECK(neighbor->advertised_count(ipv4) == 3);
    }
    CHECK(read(one.next_message().value(), plain) == heard{withdrawn({c})});
    CHECK(read(other.next_message().value(), plain) == heard{withdrawn({c})});
    CHECK(one.place(ipv4).difference() == other.place(ipv4).difference());
    CHECK(read_all(one, plain) == messages{announced({a, b}, attributes(1, "192.0.2.2"))});
    CHECK(read_all(other, plain) == messages{announced({a, b}, attributes(1, "192.0.2.2"))});
    CHECK(one.place(ipv4).difference() == other.place(ipv4).difference());
}

TEST_CASE("export_group: who moves hears nothing that it has") {
    const auto from = group_of(ipv4, {a, b}, attributes(1));
    const auto to = group_of(ipv4, {a, b, c}, attributes(1));
    hearing_group neighbor(from);
    REQUIRE(read_all(neighbor, plain).size() == 1);
    neighbor.join(ipv4, to);
    CHECK(read_all(neighbor, plain) == messages{announced({c}, attributes(1))});
    neighbor.join(ipv4, from);
    neighbor.join(ipv4, to); // back before anything was written
    CHECK(read_all(neighbor, plain) == messages{});
}

TEST_CASE("export_group: who leaves has all withdrawn, and may come again") {
    const auto group = group_of(ipv4, {a, b}, attributes(1));
    hearing_group neighbor(group);
    REQUIRE(read_all(neighbor, plain).size() == 1);
    neighbor.leave(ipv4);
    neighbor.leave(ipv4);
    CHECK(read_all(neighbor, plain) == messages{withdrawn({a, b})});
    CHECK(neighbor.advertised().empty());
    CHECK(group.use_count() == 1);
    neighbor.join(ipv4, group);
    CHECK(read_all(neighbor, plain) == messages{announced({a, b}, attributes(1))});
}

TEST_CASE("export_group: who leaves before it heard anything hears nothing") {
    const auto group = group_of(ipv4, {a, b}, attributes(1));
    hearing_group neighbor(group);
    neighbor.leave(ipv4);
    CHECK_FALSE(neighbor.has_message());
    CHECK(read_all(neighbor, plain) == messages{});
}

TEST_CASE("export_group: a session that is resumed hears what differs from what it has, and no "
          "second End-of-RIB") {
    rib_out neighbor;
    neighbor.session_up({ipv4, ipv6});
    neighbor.resume(ipv4,
                    {.routes = sent_routes({{a, attributes(1)}, {b, attributes(1)}}),
                     .end_of_rib = feed_snapshot::marker::sent},
                    plain);
    CHECK(neighbor.advertised(a) != nullptr);
    CHECK(neighbor.is_end_of_rib_sent(ipv4));
    CHECK_FALSE(neighbor.is_end_of_rib_sent(ipv6));
    const auto group = group_of(ipv4, {b, c}, attributes(1));
    neighbor.join(ipv4, group);
    neighbor.join(ipv6, group_of(ipv6, {}, nullptr));
    neighbor.owe_end_of_rib();
    CHECK(read_all(neighbor, plain) ==
          messages{withdrawn({a}), announced({c}, attributes(1)), end_of_rib{ipv6}});
}

TEST_CASE("export_group: a slow neighbor ends the message it is in, hears only the last of what "
          "changed meanwhile, and rejoins") {
    const auto group = large_group(attributes(1));
    hearing_group slow(group), fast(group);
    write(slow, 10);
    CHECK(slow.rest_of_message() > 0);
    CHECK(slow.advertised_count(ipv4) == 0);
    REQUIRE(read_all(fast, plain).size() == 13);
    for (std::uint32_t med = 2; med <= 9; ++med) {
        for (std::uint32_t i = 0; i < 10'000; ++i)
            group->want(numbered(i, 32), attributes(med));
        REQUIRE(read_all(fast, plain).size() == 13);
    }
    std::vector<wire::octets> rest;
    slow.gather(rest, 65536);
    CHECK(total(rest) == slow.rest_of_message());
    CHECK(slow.wrote(total(rest)).updates == 1);
    CHECK(slow.rest_of_message() == 0);
    const auto others = read_all(slow, plain);
    CHECK(others.size() == 13);
    for (const auto& message : others)
        CHECK(std::get<wire::update_message>(message).attributes == *attributes(9));
    CHECK(slow.place(ipv4).difference() == fast.place(ipv4).difference());
}

TEST_CASE("export_group: one that stands still hears none of what the others heard meanwhile but "
          "the last, and holds nothing of it") {
    const auto group = group_of(ipv4, {a}, attributes(1));
    hearing_group still(group), lively(group);
    REQUIRE(read_all(still, plain).size() == 1);
    REQUIRE(read_all(lively, plain).size() == 1);
    std::vector<std::weak_ptr<export_difference>> passed;
    for (std::uint32_t med = 2; med <= 9; ++med) {
        group->want(a, attributes(med));
        REQUIRE(lively.next_message().has_value());
        passed.push_back(lively.place(ipv4).difference());
    }
    CHECK(std::ranges::count_if(passed, [](const auto& each) { return !each.expired(); }) == 1);
    CHECK(read_all(still, plain) == messages{announced({a}, attributes(9))});
}

TEST_CASE("export_group: what is due of both families goes in one write, whole messages up to the "
          "limit") {
    rib_out neighbor;
    neighbor.session_up({ipv4, ipv6});
    neighbor.join(ipv4, group_of(ipv4, {a}, attributes(1)));
    neighbor.join(ipv6, group_of(ipv6, {v6}, attributes(1, "2001:db8::1")));
    neighbor.owe_end_of_rib();
    std::vector<wire::octets> pieces;
    neighbor.gather(pieces, 65536);
    CHECK(pieces.size() == 4);
    const auto all = total(pieces);
    pieces.clear();
    neighbor.gather(pieces, all - 1); // what was gathered and not written is gathered again
    CHECK(total(pieces) == all);
    pieces.clear();
    neighbor.gather(pieces, 1);
    CHECK(pieces.size() == 1);
    neighbor.wrote(pieces.front().size());
    pieces.clear();
    neighbor.gather(pieces, 65536);
    CHECK(pieces.size() == 3);
    CHECK(neighbor.wrote(total(pieces)).updates == 3);
    CHECK_FALSE(neighbor.has_message());
}

TEST_CASE("export_group: a marker that is written in parts stays whole, whatever changes") {
    const auto group = group_of(ipv4, {}, nullptr);
    hearing_group neighbor(group);
    neighbor.owe_end_of_rib();
    write(neighbor, 5);
    CHECK(neighbor.rest_of_message() == 18);
    group->want(a, attributes(1));
    neighbor.resend(ipv4, true);
    std::vector<wire::octets> pieces;
    neighbor.gather(pieces, 65536);
    REQUIRE(pieces.size() >= 2);
    CHECK(pieces.front().size() == 18);
    const auto done = neighbor.wrote(18 + pieces[1].size() - 1);
    CHECK(done.updates == 1);
    CHECK(done.refreshes == 0); // BoRR lacks an octet
    CHECK(neighbor.rest_of_message() == 1);
    write(neighbor, 1);
    CHECK(read_all(neighbor, plain) ==
          messages{announced({a}, attributes(1)),
                   wire::route_refresh{1, wire::refresh_subtype::end, 1}});
}

TEST_CASE("export_group: what changed back after BoRR is repeated, too, RFC 7313 §4") {
    using enum wire::refresh_subtype;
    const auto group = group_of(ipv4, {a, b}, attributes(1));
    hearing_group neighbor(group);
    neighbor.owe_end_of_rib();
    REQUIRE(read_all(neighbor, plain).size() == 2);
    group->want(a, attributes(2));
    neighbor.resend(ipv4, true);
    CHECK(read(neighbor.next_message().value(), plain) == heard{wire::route_refresh{1, begin, 1}});
    group->want(a, attributes(1));
    CHECK(read_all(neighbor, plain) ==
          messages{announced({a, b}, attributes(1)), wire::route_refresh{1, end, 1}});
}

TEST_CASE("export_group: a withdrawal does not wait for the announcements that are on their way") {
    const auto group = large_group(attributes(1));
    group->want(c, attributes(2));
    hearing_group neighbor(group);
    REQUIRE(read_all(neighbor, plain).size() == 14);
    for (std::uint32_t i = 0; i < 10'000; ++i)
        group->want(numbered(i, 32), attributes(3));
    REQUIRE(neighbor.next_message().has_value());
    group->unwant(c); // the last of all
    CHECK(read(neighbor.next_message().value(), plain) == heard{withdrawn({c})});
}

TEST_CASE(
    "export_group: 10,000 routes too large for a message are found so at once, RFC 4271 §9.2") {
    const auto group = large_group(too_large_attributes(1));
    group->want(a, attributes(1));
    hearing_group neighbor(group);
    CHECK(read_all(neighbor, plain) == messages{announced({a}, attributes(1))});
    CHECK(neighbor.unsendable().size() == 10'000);
    CHECK(group->size() == 1);
}

TEST_CASE("export_group: neighbors that stand at the same place have what they were sent written "
          "down once, and go on from it together") {
    const auto group = group_of(ipv4, {a, b, c}, attributes(1));
    hearing_group first(group);
    hearing_group second(group);
    hearing_group slow(group);
    read_all(first, plain);
    read_all(second, plain);
    const auto left = first.snapshot(ipv4);
    CHECK(left.routes.size() == 3);
    CHECK(second.snapshot(ipv4).routes.identity() == left.routes.identity());
    CHECK(slow.snapshot(ipv4).routes.size() == 0);

    rib_out heir;
    rib_out other;
    for (auto* const each : {&heir, &other}) {
        each->session_up({ipv4});
        each->resume(ipv4, left, plain);
    }
    CHECK(heir.place(ipv4).difference() == other.place(ipv4).difference());
    const auto next = group_of(ipv4, {a, b}, attributes(1));
    for (auto* const each : {&heir, &other}) {
        each->join(ipv4, next);
        CHECK(each->has_message());
        CHECK(each->next_message().has_value());
    }
    CHECK(heir.place(ipv4).difference() == other.place(ipv4).difference());
}
