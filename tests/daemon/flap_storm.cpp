#include "herald/bgp/audience.hpp"
#include "herald/bgp/export_policy.hpp"
#include "herald/bgp/rib_out.hpp"
#include "herald/health/hysteresis.hpp"
#include "herald/service/service_state.hpp"

#include <doctest/doctest.h>
#include <memory>

// A check whose every run says the contrary of the last, for ten minutes of a clock made by hand.

using namespace herald;
using namespace std::chrono_literals;

namespace {

const auto prefix = *net::ip_prefix::parse("192.0.2.0/24");

/// A neighbor that counts what it is sent of a service.
class counting_neighbor {
public:
    counting_neighbor() {
        const wire::next_hop next_hop{boost::asio::ip::make_address("198.51.100.2"), {}};
        rib_.session_up({net::address_family::ipv4});
        rib_.join(net::address_family::ipv4, heard_.group(net::address_family::ipv4, next_hop, {}));
    }

    void tell(net::announcement heard) {
        if (const auto route = bgp::export_route({}, {}, heard))
            heard_.want(prefix, std::make_shared<const wire::path_attributes>(*route));
        else
            heard_.unwant(prefix);
        while (rib_.next_message())
            ++updates;
    }

    std::size_t updates = 0;

private:
    bgp::audience heard_;
    bgp::rib_out rib_;
};

/// How many UPDATEs a neighbor is sent, where each run settles the check.
std::size_t updates(std::chrono::milliseconds hold_down) {
    service::service_settings settings;
    settings.hold_down = hold_down;
    service::service_state state(settings, {false});
    health::hysteresis check(1, 1);
    counting_neighbor neighbor;
    const service::time_point start{1h};
    for (auto now = start; now < start + 10min; now += 1s) {
        neighbor.tell(state.heard(now)); // a hold-down that ends now, ends before the next run
        check.add((now - start) / 1s % 2 == 0 ? health::verdict::pass : health::verdict::fail);
        state.set_verdict(0, *check.settled(), now);
        neighbor.tell(state.heard(now));
    }
    return neighbor.updates;
}

} // namespace

TEST_CASE(
    "hold-down: ten minutes of a check that alternates every second are 12 UPDATEs, not 600") {
    CHECK(updates(0s) == 600);
    // Announced at 0 s and, each time until the next failure, after 10, 20, 40, 80 and 160 s away.
    CHECK(updates(10s) == 12);
}
