// One link and whoever sends there: routers, those that are none, octets that are no messages, and
// time. Input: a sequence of steps.

#include "herald/peering/router_discovery.hpp"
#include "property.hpp"

#include <algorithm>

using namespace herald;
using namespace herald::peering;
using namespace std::chrono_literals;
using boost::asio::ip::address_v6;
using herald::fuzz::require;

namespace {

address_v6 node(std::uint8_t number) {
    address_v6::bytes_type bytes{0xfe, 0x80};
    bytes.back() = number;
    return address_v6(bytes);
}

class story {
public:
    explicit story(wire::octets input) : input_(input) {}

    void run() {
        while (!input_.empty())
            step();
        // Whatever it was: a router that alone is heard is the one in the end.
        hear({node(200), 255, encode(router_message::advertisement)});
        pass(1min);
        hear({node(200), 255, encode(router_message::advertisement)});
        pass(1min);
        require(tested_.router() == node(200) && tested_.others().empty());
    }

private:
    std::uint8_t octet() { return input_.read<std::uint8_t>().value_or(0); }

    void step() {
        switch (octet() % 6) {
        case 0: {
            const auto from = octet() % 2 == 0 ? node(octet()) : address_v6();
            const auto size = std::min<std::size_t>(octet(), input_.size());
            hear({from, 255, input_.take(size).value()});
            break;
        }
        case 1: hear({node(octet()), 255, encode(router_message::advertisement)}); break;
        case 2: hear({node(octet()), 255, encode(router_message::solicitation)}); break;
        case 3: pass(octet() * 100ms); break;
        case 4: now_ += octet() * 100ms; break; // it is busy elsewhere
        case 5: tested_.change_address(own_ = node(octet() % 200), now_); break;
        }
    }

    void hear(const router_arrival& arrival) {
        const auto message = decode(arrival);
        if (!message)
            return;
        require(arrival.octets.size() >= 8 && arrival.octets[1] == 0);
        const auto before = tested_.router();
        handle(tested_.heard(*message, arrival.from, now_), before);
    }

    void pass(std::chrono::milliseconds span) {
        const auto end = now_ + span;
        while (tested_.next_timer() <= end) {
            now_ = std::max(now_, tested_.next_timer());
            const auto before = tested_.router();
            handle(tested_.expired(now_), before);
            require(tested_.next_timer() > now_);
        }
        now_ = end;
    }

    void handle(const discovery_actions& actions, const std::optional<address_v6>& before) {
        require(std::ranges::count(actions, discovery_action::router_changed) ==
                (tested_.router() != before ? 1 : 0));
        require(tested_.router().has_value() >= before.has_value());
        require(!tested_.router() || !tested_.others().contains(*tested_.router()));
        require(tested_.others().size() <= router_discovery::most_routers);
        if (std::ranges::count(actions, discovery_action::several_routers) != 0)
            require(!tested_.others().empty());
        if (std::ranges::count(actions, discovery_action::advertise) == 0)
            return;
        require(now_ - advertised_at_ >= router_discovery::min_advertisement_gap);
        advertised_at_ = now_;
    }

    wire::reader input_;
    time_point now_{1h};
    time_point advertised_at_{};
    address_v6 own_ = node(9);
    router_discovery tested_{own_, 1, now_};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 256)
        return -1; // too long a story: not to be kept
    story(wire::octets(data, size)).run();
    return 0;
}
