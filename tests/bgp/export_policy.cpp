#include "herald/bgp/export_policy.hpp"

#include <doctest/doctest.h>
#include <vector>

using namespace herald;
using namespace herald::bgp;

namespace {

using result = std::expected<wire::path_attributes, suppression>;

net::community community(std::uint32_t as, std::uint32_t value) {
    return static_cast<net::community>(as << 16U | value);
}

export_settings ebgp() {
    export_settings neighbor;
    neighbor.local_as = 65010;
    return neighbor;
}

export_settings ibgp() {
    auto neighbor = ebgp();
    neighbor.internal = true;
    return neighbor;
}

wire::as_path path_of(std::size_t count) {
    return {{wire::as_segment::kind::sequence, std::vector<net::as_number>(count, 65010)}};
}

wire::path_attributes ebgp_route(std::size_t path_length = 1) {
    wire::path_attributes route;
    route.origin = wire::origin::igp;
    route.path = path_of(path_length);
    return route;
}

wire::path_attributes ibgp_route(std::uint32_t local_pref = 100) {
    wire::path_attributes route;
    route.origin = wire::origin::igp;
    route.path = wire::as_path{};
    route.local_pref = local_pref;
    return route;
}

} // namespace

TEST_CASE("export_route: eBGP without policy is ORIGIN IGP and our AS once, RFC 4271 §5.1.2") {
    CHECK(export_route(ebgp(), {}, announcement::normal) == result(ebgp_route()));
}

TEST_CASE("export_route: iBGP has an empty AS_PATH and LOCAL_PREF, RFC 4271 §5.1.2, §5.1.5") {
    auto neighbor = ibgp();
    neighbor.prepend = 3; // means nothing here
    CHECK(export_route(neighbor, {}, announcement::normal) == result(ibgp_route()));
    neighbor.local_pref = 250;
    CHECK(export_route(neighbor, {}, announcement::normal) == result(ibgp_route(250)));
}

TEST_CASE("export_route: eBGP never sends LOCAL_PREF, RFC 4271 §5.1.5") {
    auto neighbor = ebgp();
    neighbor.local_pref = 250;
    neighbor.draining.local_pref = 1;
    neighbor.draining.communities = {};
    CHECK(export_route(neighbor, {}, announcement::normal) == result(ebgp_route()));
    CHECK(export_route(neighbor, {}, announcement::draining) == result(ebgp_route()));
}

TEST_CASE("export_route: prepend adds our AS to the one that is there anyway") {
    auto neighbor = ebgp();
    neighbor.prepend = 4;
    CHECK(export_route(neighbor, {}, announcement::normal) == result(ebgp_route(5)));
}

TEST_CASE("export_route: a path over 255 is split, the short segment first, RFC 4271 §5.1.2") {
    auto neighbor = ebgp();
    neighbor.prepend = 254;
    CHECK(export_route(neighbor, {}, announcement::normal) == result(ebgp_route(255)));

    neighbor.prepend = 255;
    auto expected = ebgp_route();
    expected.path = wire::as_path{path_of(1).front(), path_of(255).front()};
    CHECK(export_route(neighbor, {}, announcement::normal) == result(expected));
}

TEST_CASE("export_route: built in, degraded prepends 3 more and down 6 more") {
    auto neighbor = ebgp();
    neighbor.prepend = 1;
    CHECK(export_route(neighbor, {}, announcement::degraded) == result(ebgp_route(5)));
    CHECK(export_route(neighbor, {}, announcement::down) == result(ebgp_route(8)));
}

TEST_CASE("export_route: a state's own prepend replaces the neighbor's") {
    auto neighbor = ebgp();
    neighbor.prepend = 10;
    neighbor.degraded.prepend = 2;
    CHECK(export_route(neighbor, {}, announcement::degraded) == result(ebgp_route(3)));
    neighbor.degraded.prepend = 0;
    CHECK(export_route(neighbor, {}, announcement::degraded) == result(ebgp_route(1)));
}

TEST_CASE("export_route: built in, draining adds GRACEFUL_SHUTDOWN, on iBGP also LOCAL_PREF 0, "
          "RFC 8326 §4") {
    auto expected = ebgp_route();
    expected.communities = {net::community::graceful_shutdown};
    CHECK(export_route(ebgp(), {}, announcement::draining) == result(expected));

    expected = ibgp_route(0);
    expected.communities = {net::community::graceful_shutdown};
    CHECK(export_route(ibgp(), {}, announcement::draining) == result(expected));
}

TEST_CASE("export_route: a state's MED wins over the service's, that over the neighbor's") {
    auto neighbor = ebgp();
    service_export service;
    const auto med = [&](announcement state) {
        return export_route(neighbor, service, state)->med;
    };
    CHECK(med(announcement::normal) == std::nullopt);
    neighbor.med = 50;
    CHECK(med(announcement::normal) == 50);
    service.med = 10;
    CHECK(med(announcement::normal) == 10);
    neighbor.down.med = 0;
    CHECK(med(announcement::down) == 0);
    CHECK(med(announcement::normal) == 10);
}

TEST_CASE("export_route: the communities of neighbor, service and state are one sorted list each") {
    auto neighbor = ebgp();
    neighbor.communities.standard = {net::community::no_export, community(64500, 100)};
    neighbor.communities.large = {{65010, 2, 1}};
    neighbor.communities.extended = {net::extended_community{7}};
    neighbor.degraded.extra_prepend = 0;
    neighbor.degraded.communities.standard = {community(64500, 80), community(64500, 100)};
    neighbor.degraded.communities.large = {{65010, 1, 9}};
    neighbor.degraded.communities.extended = {net::extended_community{5}};
    service_export service;
    service.communities.standard = {community(100, 1), community(64500, 100)};
    service.communities.large = {{65010, 2, 1}, {1, 0, 0}};
    service.communities.extended = {net::extended_community{7}, net::extended_community{6}};

    auto expected = ebgp_route();
    expected.communities = {community(100, 1), community(64500, 80), community(64500, 100),
                            net::community::no_export};
    expected.large_communities = {{1, 0, 0}, {65010, 1, 9}, {65010, 2, 1}};
    expected.extended_communities = {net::extended_community{5}, net::extended_community{6},
                                     net::extended_community{7}};
    CHECK(export_route(neighbor, service, announcement::degraded) == result(expected));
}

TEST_CASE("export_route: nothing is exported of a service whose state calls for nothing") {
    CHECK(export_route(ebgp(), {}, announcement::none) ==
          result(std::unexpected(suppression::not_announced)));
}

TEST_CASE("export_route: withdraw in a state withdraws in that state alone") {
    auto neighbor = ebgp();
    neighbor.degraded.withdraw = true;
    CHECK(export_route(neighbor, {}, announcement::degraded) ==
          result(std::unexpected(suppression::withdrawn_by_policy)));
    CHECK(export_route(neighbor, {}, announcement::normal) == result(ebgp_route()));
}

TEST_CASE("export_route: OTC goes with our AS to customers, peers and route-server clients, "
          "RFC 9234 §5") {
    struct row {
        wire::bgp_role ours;
        bool only_to_customer;
    };
    for (const auto& [ours, only_to_customer] : {
             row{wire::bgp_role::provider, true},
             row{wire::bgp_role::rs, true},
             row{wire::bgp_role::peer, true},
             row{wire::bgp_role::customer, false},
             row{wire::bgp_role::rs_client, false},
         }) {
        auto neighbor = ebgp();
        neighbor.role = ours;
        auto expected = ebgp_route();
        if (only_to_customer)
            expected.only_to_customer = 65010;
        CHECK(export_route(neighbor, {}, announcement::normal) == result(expected));
    }
}

TEST_CASE("export_route: OTC is not for iBGP, RFC 9234 §5") {
    auto neighbor = ibgp();
    neighbor.role = wire::bgp_role::provider;
    CHECK(export_route(neighbor, {}, announcement::normal) == result(ibgp_route()));
}
