// One BFD session and whatever a router, the network, an operator and time can do to it: packets
// off the wire, packets that are nearly right, signed or not, settings that change, AdminDown, and
// processes that hand it over. Input: settings, then a sequence of steps.

#include "herald/bfd/authentication.hpp"
#include "herald/bfd/session.hpp"
#include "property.hpp"

#include <algorithm>
#include <string>
#include <utility>

using namespace herald;
using namespace herald::bfd;
using namespace std::chrono_literals;
using herald::fuzz::require;

namespace {

constexpr discriminator ours = 7;

/// Holds what a session asks for to what it may ask for.
struct watcher {
    void operator()(const action::send& sent) const {
        const auto decoded = decode(sent.packet);
        require(decoded.has_value() && decoded->whole.size() == sent.packet.size());
        const auto& packet = decoded->packet;
        require(packet.mine == ours && !(packet.poll && packet.final) && !packet.demand);
        require(packet.state == state && packet.required_min_echo_rx == 0us);
        require(packet.state == session_state::up || packet.desired_min_tx >= 1s);
        require(encode(packet).size() == 24);
    }
    void operator()(const action::state_changed& change) {
        require(change.before != change.now && change.before == std::exchange(state, change.now));
    }
    session_state state = session_state::down;
};

class story {
public:
    explicit story(wire::octets input) : input_(input), tested_(settings(), ours, 1, at_) {}

    void run() {
        while (!input_.empty()) {
            step();
            check();
        }
        recover();
    }

private:
    std::uint8_t octet() { return input_.read<std::uint8_t>().value_or(0); }
    microseconds interval() { return std::chrono::milliseconds{10U << (octet() % 12U)}; }

    session_settings settings() {
        const auto choice = octet();
        session_settings made{.min_tx = interval(),
                              .min_rx = interval(),
                              .multiplier = std::max<std::uint8_t>(octet(), 1),
                              .passive = (choice & 1U) != 0};
        if ((choice & 2U) != 0)
            made.authentication =
                authentication_settings{(choice & 4U) != 0 ? authentication_type::keyed_sha1
                                                           : authentication_type::meticulous_sha1,
                                        static_cast<std::uint8_t>(choice >> 7U), "key"};
        return made;
    }

    void handle(const session_actions& actions) {
        for (const auto& each : actions)
            std::visit(seen_, each);
    }
    void hear(wire::octets datagram) {
        if (const auto decoded = decode(datagram))
            handle(tested_.received(*decoded, at_));
    }

    void step() {
        switch (octet() % 8) {
        case 0: hear(input_.take(std::min<std::size_t>(octet(), input_.size())).value()); break;
        case 1: hear_packet(); break;
        case 2: pass(std::chrono::milliseconds{1U << (octet() % 13U)}); break;
        case 3: handle(tested_.change(settings(), at_)); break;
        case 4: handle(tested_.shut_down(at_)); break;
        case 5: handle(tested_.enable(at_)); break;
        case 6: hand_over(); break;
        case 7: at_.now += std::chrono::milliseconds{octet()}; break; // it is busy elsewhere
        }
    }

    void hear_packet() {
        const auto flags = octet();
        const control_packet packet{.state = session_state{static_cast<std::uint8_t>(flags >> 6U)},
                                    .poll = (flags & 1U) != 0,
                                    .final = (flags & 2U) != 0,
                                    .demand = (flags & 4U) != 0,
                                    .multiplier = octet(),
                                    .mine = octet(),
                                    .yours = (flags & 8U) != 0 ? ours : 0,
                                    .desired_min_tx = octet() * 10ms,
                                    .required_min_rx = octet() * 10ms};
        auto encoded = encode(packet);
        if ((flags & 16U) != 0 && tested_.settings().authentication)
            sign(encoded, *tested_.settings().authentication, octet());
        hear(encoded);
    }

    /// Timer by timer; each leads to a later one.
    void pass(std::chrono::milliseconds time) {
        const auto end = at_.now + time;
        for (int i = 0; i < 1000 && tested_.next_timer().value_or(time_point::max()) <= end; ++i) {
            at_.now = std::max(at_.now, *tested_.next_timer());
            handle(tested_.expired(at_));
            const auto next = tested_.next_timer();
            require(!next || *next > at_.now);
        }
        at_.now = std::max(at_.now, end);
    }

    void hand_over() {
        session next(tested_.settings(), tested_.snapshot());
        require(next.snapshot() == tested_.snapshot());
        tested_ = std::move(next);
    }

    void check() const {
        const auto& now = tested_.snapshot();
        require(!find_fault(now) && now.state == seen_.state);
        require(tested_.detection_time() >= 0us && tested_.tx_interval() > 0us);
        const bool held_back = now.earlier_min_tx || now.earlier_min_rx;
        require(!held_back || (now.polling && now.state == session_state::up));
        require(!(now.polling && now.settling));
    }

    /// Whatever it was, with a neighbor that answers it is Up at once, and Down when that is gone.
    void recover() {
        handle(tested_.shut_down(at_));
        handle(tested_.enable(at_));
        auto settings = tested_.settings();
        settings.authentication.reset();
        handle(tested_.change(settings, at_));
        control_packet packet{.state = session_state::down,
                              .multiplier = 3,
                              .mine = 9,
                              .yours = ours,
                              .desired_min_tx = 1s,
                              .required_min_rx = 1s};
        for (const auto state : {session_state::down, session_state::init}) {
            packet.state = state;
            hear(encode(packet));
        }
        require(tested_.state() == session_state::up);
        pass(std::chrono::ceil<std::chrono::milliseconds>(tested_.detection_time()));
        require(tested_.state() == session_state::down);
    }

    wire::reader input_;
    moment at_{time_point(1h), {}};
    session tested_;
    watcher seen_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 256)
        return -1; // too long a story: not to be kept
    story(wire::octets(data, size)).run();
    return 0;
}
