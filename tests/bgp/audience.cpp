#include "herald/bgp/audience.hpp"

#include "tests/bgp/rib_support.hpp"

#include <doctest/doctest.h>
#include <memory>
#include <vector>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

/// Without next hop, as export_route() makes them.
shared_attributes bare(std::uint32_t med) {
    auto made = *attributes(med);
    made.next_hop.reset();
    return std::make_shared<const wire::path_attributes>(std::move(made));
}

wire::next_hop hop(std::string_view address) {
    return {boost::asio::ip::make_address(address), std::nullopt};
}

std::vector<advertised_route> routes_of(export_group& group) {
    std::vector<advertised_route> routes;
    group.append_advertised(group.at_end(), routes);
    return routes;
}

} // namespace

TEST_CASE("audience: a group hears what its family is to hear, with its next hop") {
    audience all;
    all.want(a, bare(1));
    all.want(v6, bare(1));
    const auto group = all.group(ipv4, hop("192.0.2.7"), plain);
    all.want(b, bare(2));
    const auto routes = routes_of(*group);
    REQUIRE(routes.size() == 2);
    CHECK(routes[0].prefix == a);
    CHECK(*routes[0].attributes == *attributes(1, "192.0.2.7"));
    CHECK(routes[1].prefix == b);
    CHECK(*routes[1].attributes == *attributes(2, "192.0.2.7"));

    all.unwant(a);
    CHECK(routes_of(*group).size() == 1);
    CHECK(routes_of(*all.group(ipv6, hop("2001:db8::7"), plain)).size() == 1);
}

TEST_CASE("audience: a group is shared by those with the same next hop, family and format") {
    audience all;
    auto extended = plain;
    extended.max_size = 65535;
    const auto group = all.group(ipv4, hop("192.0.2.7"), plain);
    CHECK(all.group(ipv4, hop("192.0.2.7"), plain) == group);
    CHECK(all.group(ipv4, hop("192.0.2.8"), plain) != group);
    CHECK(all.group(ipv4, hop("192.0.2.7"), extended) != group);
    CHECK(all.group(ipv6, hop("192.0.2.7"), plain) != group);
}

TEST_CASE("audience: a group ends with its last neighbor") {
    audience all;
    all.want(a, bare(1));
    auto group = all.group(ipv4, hop("192.0.2.7"), plain);
    const std::weak_ptr<export_group> known = group;
    rib_out neighbor;
    neighbor.session_up({ipv4});
    neighbor.join(ipv4, std::move(group));
    CHECK(read_all(neighbor, plain).size() == 1);
    CHECK_FALSE(known.expired());
    neighbor.session_down();
    CHECK(known.expired());
    all.want(b, bare(1));
    CHECK(routes_of(*all.group(ipv4, hop("192.0.2.7"), plain)).size() == 2);
}

TEST_CASE("audience: attributes are made complete once for all prefixes that have them") {
    audience all;
    const auto shared = bare(1);
    all.want(a, shared);
    const auto group = all.group(ipv4, hop("192.0.2.7"), plain);
    all.want(b, shared);
    const auto routes = routes_of(*group);
    REQUIRE(routes.size() == 2);
    CHECK(routes[0].attributes == routes[1].attributes);
}

TEST_CASE("audience: of attributes that nobody has any more few are kept") {
    audience all;
    const auto group = all.group(ipv4, hop("192.0.2.7"), plain);
    std::vector<std::weak_ptr<const wire::path_attributes>> made;
    for (std::uint32_t med = 0; med < 1000; ++med) {
        const auto attributes = bare(med);
        made.push_back(attributes);
        all.want(a, attributes);
    }
    CHECK(std::ranges::count_if(made, [](const auto& each) { return !each.expired(); }) < 40);
}

TEST_CASE("audience: to want only some is to unwant all others") {
    audience all;
    all.want(a, bare(1));
    all.want(v6, bare(1));
    const auto group = all.group(ipv4, hop("192.0.2.7"), plain);
    rib_out neighbor;
    neighbor.session_up({ipv4});
    neighbor.join(ipv4, group);
    REQUIRE(read_all(neighbor, plain).size() == 1);
    all.want_only({{b, bare(1)}});
    CHECK(read_all(neighbor, plain) ==
          std::vector<heard>{wire::update_message{{a}, {}, {}},
                             wire::update_message{{}, {b}, *attributes(1, "192.0.2.7")}});
    CHECK(all.wanted().size() == 1);
}
