#pragma once

#include "herald/bgp/session_fsm.hpp"

#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The two sides of the sessions under test, and words for actions in doctest's output.
namespace herald::bgp::test {

using namespace std::chrono_literals;

inline session_settings our_settings() {
    session_settings settings;
    settings.local_as = 65010;
    settings.remote_as = 64500;
    settings.router_id = 0xC000020A;
    settings.hold_time = 30s;
    settings.connect_retry = 5s;
    settings.families = {net::address_family::ipv4, net::address_family::ipv6};
    return settings;
}

/// The OPEN of a peer with every capability that herald announces by default.
inline wire::open_message peer_open() {
    wire::open_message open;
    open.my_as = 64500;
    open.hold_time = 90;
    open.identifier = 0xC6336401;
    open.capabilities = {
        wire::multiprotocol_capability{1, 1},  wire::multiprotocol_capability{2, 1},
        wire::route_refresh_capability{},      wire::extended_message_capability{},
        wire::four_octet_as_capability{64500}, wire::enhanced_route_refresh_capability{},
    };
    return open;
}

inline negotiated_session peer_session() {
    negotiated_session session;
    session.peer_as = 64500;
    session.peer_identifier = 0xC6336401;
    session.hold_time = 30s;
    session.keepalive = 10s;
    session.families = {net::address_family::ipv4, net::address_family::ipv6};
    session.format = {
        .four_octet_as = true, .internal = false, .extended_next_hop = false, .max_size = 65535};
    session.extended_message = true;
    session.route_refresh = true;
    session.enhanced_route_refresh = true;
    return session;
}

inline std::string name(session_timer timer) {
    switch (timer) {
    case session_timer::connect_retry: return "connect_retry";
    case session_timer::hold: return "hold";
    case session_timer::keepalive: return "keepalive";
    case session_timer::send_hold: return "send_hold";
    }
    return "?";
}

inline std::string name(const std::optional<wire::notification>& notification) {
    if (!notification)
        return "none";
    return std::to_string(static_cast<int>(notification->code)) + "/" +
           std::to_string(notification->subcode) + " with " +
           std::to_string(notification->data.size()) + " octets";
}

struct in_words {
    std::string operator()(action::dial) const { return "dial"; }
    std::string operator()(const action::send_open& sent) const {
        return "send_open AS " + std::to_string(sent.open.my_as);
    }
    std::string operator()(action::send_keepalive) const { return "send_keepalive"; }
    std::string operator()(const action::send_notification& sent) const {
        return "send_notification " + name(sent.notification);
    }
    std::string operator()(action::close) const { return "close"; }
    std::string operator()(const action::start_timer& started) const {
        return "start_timer " + name(started.timer) + " " +
               std::to_string(started.duration.count()) + " ms" +
               (started.jittered ? " jittered" : "");
    }
    std::string operator()(const action::stop_timer& stopped) const {
        return "stop_timer " + name(stopped.timer);
    }
    std::string operator()(const action::session_up& up) const {
        return "session_up hold " + std::to_string(up.session.hold_time.count()) + " s";
    }
    std::string operator()(const action::session_over& over) const {
        return "session_over sent " + name(over.sent) + ", received " + name(over.received) +
               (over.was_established ? ", was established" : "");
    }
    std::string operator()(const action::resend& asked) const {
        return "resend " + std::string(net::to_string(asked.family));
    }
};

} // namespace herald::bgp::test

template <>
struct doctest::StringMaker<std::vector<herald::bgp::session_action>> {
    static doctest::String convert(const std::vector<herald::bgp::session_action>& actions) {
        std::string words;
        for (const auto& action : actions)
            words += "\n  " + std::visit(herald::bgp::test::in_words{}, action);
        return (words.empty() ? "nothing" : words).c_str();
    }
};

template <>
struct doctest::StringMaker<herald::bgp::session_state> {
    static doctest::String convert(herald::bgp::session_state state) {
        return std::string(herald::bgp::to_string(state)).c_str();
    }
};
