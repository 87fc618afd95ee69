// Feeds the session FSM any sequence of events and holds it to what must be true of every one.

#include "herald/bgp/session_fsm.hpp"
#include "herald/wire/cursor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace herald;
using namespace herald::bgp;

void require(bool holds) {
    if (!holds)
        std::abort();
}

session_settings settings_from(std::uint8_t choice) {
    using net::address_family;
    session_settings settings;
    settings.local_as = 65010;
    settings.remote_as = (choice & 1U) != 0 ? 65010 : 64500;
    settings.router_id = 0xC000020A;
    settings.hold_time = std::chrono::seconds{(choice & 2U) != 0 ? 0 : 30};
    settings.families = {address_family::ipv4, address_family::ipv6};
    if ((choice & 4U) != 0)
        settings.families.erase(address_family::ipv4);
    if ((choice & 8U) != 0)
        settings.role = wire::bgp_role::customer;
    settings.extended_next_hop = (choice & 16U) != 0;
    settings.graceful_restart = std::chrono::seconds{(choice & 32U) != 0 ? 120 : 0};
    settings.bfd_strict = (choice & 64U) != 0;
    return settings;
}

/// Events made of the fuzzer's octets; zeros where those have ended.
class event_source {
public:
    explicit event_source(wire::octets bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }
    std::uint8_t octet() { return bytes_.read<std::uint8_t>().value_or(0); }

    session_event next() {
        switch (octet() % std::variant_size_v<session_event>) {
        case 0: return event::start{};
        case 1: return event::start_passive{};
        case 2: return stop();
        case 3: return event::tcp_established{};
        case 4: return event::tcp_failed{};
        case 5:
            return event::timer_expired{
                session_timer{static_cast<std::uint8_t>(octet() % session_timer_count)}};
        case 6: return event::open_received{open()};
        case 7: return event::keepalive_received{};
        case 8: return event::update_received{};
        case 9:
            return event::route_refresh_received{
                {octet(), wire::refresh_subtype{octet()}, octet()}};
        case 10: return event::notification_received{notification()};
        case 11: return event::protocol_error{notification()};
        case 12: return event::bfd_changed{octet() % 2 != 0};
        default: return event::write_progressed{};
        }
    }

private:
    session_event stop() {
        if (octet() % 2 == 0)
            return event::stop{};
        return event::stop{notification()};
    }

    wire::notification notification() { return {wire::error_code{octet()}, octet(), {octet()}}; }

    /// One off the wire, or a plain one that the settings may well accept.
    wire::open_message open() {
        const std::size_t size = octet();
        if (const auto body = bytes_.take(size); body && size >= 10)
            if (auto decoded = wire::decode_open(*body))
                return *decoded;
        wire::open_message plain;
        plain.my_as = octet() % 2 == 0 ? 64500 : 65010;
        plain.hold_time = octet();
        plain.identifier = 0xC6336400U | octet();
        plain.capabilities = {wire::multiprotocol_capability{1, 1},
                              wire::multiprotocol_capability{2, 1},
                              wire::four_octet_as_capability{plain.my_as}};
        return plain;
    }

    wire::reader bytes_;
};

/// What a shell would see of the FSM: its timers, its connection, its OPENs.
class shell {
public:
    void before(const session_event& event) {
        over_ = over_ && !std::holds_alternative<event::start>(event) &&
                !std::holds_alternative<event::start_passive>(event);
        if (const auto* expired = std::get_if<event::timer_expired>(&event))
            running(expired->timer) = false;
        open_received_ = open_received_ || std::holds_alternative<event::open_received>(event);
    }

    void after(const session_fsm& fsm, const std::vector<session_action>& actions) {
        for (const auto& action : actions) {
            require(!over_); // nothing follows the end, until a start
            require(!closing_ || std::holds_alternative<action::session_over>(action));
            std::visit(*this, action);
        }
        require(over_ == (fsm.state() == session_state::idle));
        const bool agreed =
            fsm.state() == session_state::open_confirm || fsm.state() == session_state::established;
        require(fsm.session().has_value() == (agreed || fsm.waits_for_bfd()));
        require(!agreed || (open_sent_ && open_received_));
        require(established_ == (fsm.state() == session_state::established));
    }

    void operator()(action::dial) { require(!open_sent_); }
    void operator()(const action::send_open&) {
        require(!std::exchange(open_sent_, true));
        open_received_ = false;
    }
    void operator()(action::send_keepalive) { require(open_sent_ && open_received_); }
    void operator()(const action::send_notification& sent) {
        require(open_sent_);
        notification_ = sent.notification;
    }
    void operator()(action::close) { closing_ = true; }
    void operator()(const action::start_timer& started) {
        require(started.duration > std::chrono::milliseconds{0});
        running(started.timer) = true;
    }
    void operator()(const action::stop_timer& stopped) {
        require(std::exchange(running(stopped.timer), false));
    }
    void operator()(const action::session_up&) {
        require(open_sent_ && open_received_);
        require(!std::exchange(established_, true));
    }
    void operator()(const action::session_over& over) {
        require(std::ranges::count(running_, true) == 0);
        require(over.was_established == established_);
        require(over.sent == notification_);
        require(!over.sent || !over.received);
        *this = shell();
    }
    void operator()(const action::resend&) { require(established_); }

private:
    bool& running(session_timer timer) { return running_[static_cast<std::size_t>(timer)]; }

    std::array<bool, session_timer_count> running_{};
    bool over_ = true;
    bool closing_ = false; // of which only the end follows
    bool open_sent_ = false;
    bool open_received_ = false;
    bool established_ = false;
    std::optional<wire::notification> notification_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    event_source events(wire::octets(data, size));
    session_fsm fsm(settings_from(events.octet()));
    shell watcher;
    while (!events.empty()) {
        const auto event = events.next();
        watcher.before(event);
        watcher.after(fsm, fsm.handle(event));
    }
    return 0;
}
