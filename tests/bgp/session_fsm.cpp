#include "herald/bgp/session_fsm.hpp"

#include "tests/bgp/session_support.hpp"

#include <doctest/doctest.h>
#include <functional>
#include <vector>

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

namespace {

using actions = std::vector<session_action>;

const wire::notification goodbye{wire::error_code::cease, 2, {3, 'b', 'y', 'e'}};
const wire::notification malformed{wire::error_code::message_header, 1, {}};
const wire::notification hold_expired{wire::error_code::hold_timer_expired, 0, {}};
const wire::notification send_hold_expired{wire::error_code::send_hold_timer_expired, 0, {}};
const wire::route_refresh ipv6_refresh{2, wire::refresh_subtype::request, 1};

constexpr action::stop_timer stop_connect_retry{session_timer::connect_retry};
constexpr action::stop_timer stop_hold{session_timer::hold};
constexpr action::stop_timer stop_keepalive{session_timer::keepalive};
constexpr action::stop_timer stop_send_hold{session_timer::send_hold};
constexpr action::start_timer start_connect_retry{session_timer::connect_retry, 5s, true};
constexpr action::start_timer start_open_hold{session_timer::hold, 240s, false};
constexpr action::start_timer start_hold{session_timer::hold, 30s, false};
constexpr action::start_timer start_keepalive{session_timer::keepalive, 10s, true};
constexpr action::start_timer start_send_hold{session_timer::send_hold, 8min, false};

wire::notification unexpected(std::uint8_t subcode, wire::message_type type) {
    return {wire::error_code::fsm, subcode, {static_cast<std::uint8_t>(type)}};
}

session_fsm in(session_state state) {
    session_fsm fsm(our_settings());
    if (state == session_state::active)
        fsm.handle(event::start_passive{});
    else if (state > session_state::idle)
        fsm.handle(event::start{});
    if (state > session_state::active)
        fsm.handle(event::tcp_established{});
    if (state > session_state::open_sent)
        fsm.handle(event::open_received{peer_open()});
    if (state > session_state::open_confirm)
        fsm.handle(event::keepalive_received{});
    REQUIRE(fsm.state() == state);
    return fsm;
}

/// What one event is answered with, and the state after it.
struct row {
    session_event event;
    actions expected;
    session_state after;
};

/// Each row starts from `state` anew. The first rows are one per kind of event, in their order, so
/// that none can be forgotten.
void check_rows(session_state state, const std::vector<row>& rows) {
    REQUIRE(rows.size() >= std::variant_size_v<session_event>);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        CAPTURE(i);
        if (i < std::variant_size_v<session_event>)
            REQUIRE(rows[i].event.index() == i);
        auto fsm = in(state);
        CHECK(fsm.handle(rows[i].event) == rows[i].expected);
        CHECK(fsm.state() == rows[i].after);
    }
}

/// How a session that sent `sent` or received `received` ends in the last three states.
actions ended(const actions& stopped_timers, bool was_established,
              const std::optional<wire::notification>& sent = {},
              const std::optional<wire::notification>& received = {}) {
    actions all;
    if (sent)
        all.emplace_back(action::send_notification{*sent});
    all.insert(all.end(), stopped_timers.begin(), stopped_timers.end());
    all.emplace_back(action::close{});
    all.emplace_back(action::session_over{sent, received, was_established});
    return all;
}

} // namespace

TEST_CASE("idle: only a start is heard, RFC 4271 §8.2.2") {
    using enum session_state;
    check_rows(idle, {
                         {event::start{}, {start_connect_retry, action::dial{}}, connect},
                         {event::start_passive{}, {}, active},
                         {event::stop{goodbye}, {}, idle},
                         {event::tcp_established{}, {}, idle},
                         {event::tcp_failed{}, {}, idle},
                         {event::timer_expired{session_timer::connect_retry}, {}, idle},
                         {event::open_received{peer_open()}, {}, idle},
                         {event::keepalive_received{}, {}, idle},
                         {event::update_received{}, {}, idle},
                         {event::route_refresh_received{ipv6_refresh}, {}, idle},
                         {event::notification_received{goodbye}, {}, idle},
                         {event::protocol_error{malformed}, {}, idle},
                         {event::write_progressed{}, {}, idle},
                         {event::bfd_changed{true}, {}, idle},
                         {event::timer_expired{session_timer::hold}, {}, idle},
                         {event::timer_expired{session_timer::keepalive}, {}, idle},
                         {event::timer_expired{session_timer::send_hold}, {}, idle},
                         {event::stop{}, {}, idle},
                     });
}

TEST_CASE("connect: TCP brings the OPEN, a failure ends, an expiry dials again, RFC 4271 §8.2.2") {
    using enum session_state;
    const actions over{stop_connect_retry, action::close{}, action::session_over{}};
    check_rows(connect, {
                            {event::start{}, {}, connect},
                            {event::start_passive{}, {}, connect},
                            {event::stop{goodbye}, over, idle}, // nobody to tell
                            {event::tcp_established{},
                             {stop_connect_retry, action::send_open{make_open(our_settings())},
                              start_open_hold},
                             open_sent},
                            {event::tcp_failed{}, over, idle},
                            {event::timer_expired{session_timer::connect_retry},
                             {start_connect_retry, action::dial{}},
                             connect},
                            {event::open_received{peer_open()}, over, idle},
                            {event::keepalive_received{}, over, idle},
                            {event::update_received{}, over, idle},
                            {event::route_refresh_received{ipv6_refresh}, over, idle},
                            {event::notification_received{goodbye}, over, idle},
                            {event::protocol_error{malformed}, over, idle},
                            {event::write_progressed{}, {}, connect},
                            {event::bfd_changed{true}, {}, connect},
                            {event::timer_expired{session_timer::hold}, {}, connect},
                            {event::timer_expired{session_timer::keepalive}, {}, connect},
                            {event::timer_expired{session_timer::send_hold}, {}, connect},
                            {event::stop{}, over, idle},
                        });
}

TEST_CASE("active: a passive side waits without a timer, and never dials, RFC 4271 §8.2.2") {
    using enum session_state;
    const actions over{action::session_over{}};
    check_rows(active, {
                           {event::start{}, {}, active},
                           {event::start_passive{}, {}, active},
                           {event::stop{goodbye}, over, idle}, // nobody to tell
                           {event::tcp_established{},
                            {action::send_open{make_open(our_settings())}, start_open_hold},
                            open_sent},
                           {event::tcp_failed{}, over, idle},
                           {event::timer_expired{session_timer::connect_retry}, {}, active},
                           {event::open_received{peer_open()}, over, idle},
                           {event::keepalive_received{}, over, idle},
                           {event::update_received{}, over, idle},
                           {event::route_refresh_received{ipv6_refresh}, over, idle},
                           {event::notification_received{goodbye}, over, idle},
                           {event::protocol_error{malformed}, over, idle},
                           {event::write_progressed{}, {}, active},
                           {event::bfd_changed{true}, {}, active},
                           {event::timer_expired{session_timer::hold}, {}, active},
                           {event::timer_expired{session_timer::keepalive}, {}, active},
                           {event::timer_expired{session_timer::send_hold}, {}, active},
                           {event::stop{}, over, idle},
                       });
}

TEST_CASE("open_sent: an OPEN is answered with a KEEPALIVE, any other message with 5/1, "
          "RFC 4271 §8.2.2, RFC 6608 §4") {
    using enum session_state;
    using enum wire::message_type;
    const auto over = [](const std::optional<wire::notification>& sent = {},
                         const std::optional<wire::notification>& received = {}) {
        return ended({stop_hold}, false, sent, received);
    };
    check_rows(open_sent, {
                              {event::start{}, {}, open_sent},
                              {event::start_passive{}, {}, open_sent},
                              {event::stop{goodbye}, over(goodbye), idle},
                              {event::tcp_established{}, {}, open_sent},
                              {event::tcp_failed{}, over(), idle},
                              {event::timer_expired{session_timer::hold},
                               {action::send_notification{hold_expired}, action::close{},
                                action::session_over{hold_expired, {}, false}},
                               idle},
                              {event::open_received{peer_open()},
                               {action::send_keepalive{}, start_keepalive, start_hold},
                               open_confirm},
                              {event::keepalive_received{}, over(unexpected(1, keepalive)), idle},
                              {event::update_received{}, over(unexpected(1, update)), idle},
                              {event::route_refresh_received{ipv6_refresh},
                               over(unexpected(1, route_refresh)), idle},
                              {event::notification_received{goodbye}, over({}, goodbye), idle},
                              {event::protocol_error{malformed}, over(malformed), idle},
                              {event::write_progressed{}, {}, open_sent},
                              {event::bfd_changed{true}, {}, open_sent},
                              {event::timer_expired{session_timer::connect_retry}, {}, open_sent},
                              {event::timer_expired{session_timer::keepalive}, {}, open_sent},
                              {event::timer_expired{session_timer::send_hold}, {}, open_sent},
                              {event::stop{}, over(), idle},
                          });
}

TEST_CASE("open_confirm: a KEEPALIVE establishes, any other message is 5/2, "
          "RFC 4271 §8.2.2, RFC 6608 §4") {
    using enum session_state;
    using enum wire::message_type;
    const auto over = [](const std::optional<wire::notification>& sent = {},
                         const std::optional<wire::notification>& received = {}) {
        return ended({stop_hold, stop_keepalive}, false, sent, received);
    };
    check_rows(
        open_confirm,
        {
            {event::start{}, {}, open_confirm},
            {event::start_passive{}, {}, open_confirm},
            {event::stop{goodbye}, over(goodbye), idle},
            {event::tcp_established{}, {}, open_confirm},
            {event::tcp_failed{}, over(), idle},
            {event::timer_expired{session_timer::hold},
             ended({stop_keepalive}, false, hold_expired), idle},
            {event::open_received{peer_open()}, over(unexpected(2, open)), idle},
            {event::keepalive_received{},
             {start_hold, start_send_hold, action::session_up{peer_session()}},
             established},
            {event::update_received{}, over(unexpected(2, update)), idle},
            {event::route_refresh_received{ipv6_refresh}, over(unexpected(2, route_refresh)), idle},
            {event::notification_received{goodbye}, over({}, goodbye), idle},
            {event::protocol_error{malformed}, over(malformed), idle},
            {event::write_progressed{}, {}, open_confirm},
            {event::bfd_changed{true}, {}, open_confirm},
            {event::timer_expired{session_timer::keepalive},
             {action::send_keepalive{}, start_keepalive},
             open_confirm},
            {event::timer_expired{session_timer::connect_retry}, {}, open_confirm},
            {event::timer_expired{session_timer::send_hold}, {}, open_confirm},
            {event::stop{}, over(), idle},
        });
}

TEST_CASE("established: KEEPALIVE and UPDATE restart the hold timer, an OPEN is 5/3, "
          "RFC 4271 §8.2.2, RFC 6608 §4") {
    using enum session_state;
    const auto over = [](const std::optional<wire::notification>& sent = {},
                         const std::optional<wire::notification>& received = {}) {
        return ended({stop_hold, stop_keepalive, stop_send_hold}, true, sent, received);
    };
    check_rows(established,
               {
                   {event::start{}, {}, established},
                   {event::start_passive{}, {}, established},
                   {event::stop{goodbye}, over(goodbye), idle},
                   {event::tcp_established{}, {}, established},
                   {event::tcp_failed{}, over(), idle},
                   {event::timer_expired{session_timer::hold},
                    ended({stop_keepalive, stop_send_hold}, true, hold_expired), idle},
                   {event::open_received{peer_open()},
                    over(unexpected(3, wire::message_type::open)), idle},
                   {event::keepalive_received{}, {start_hold}, established},
                   {event::update_received{}, {start_hold}, established},
                   {event::route_refresh_received{ipv6_refresh},
                    {action::resend{net::address_family::ipv6}},
                    established},
                   {event::notification_received{goodbye}, over({}, goodbye), idle},
                   {event::protocol_error{malformed}, over(malformed), idle},
                   {event::write_progressed{}, {start_send_hold}, established},
                   {event::bfd_changed{true}, {}, established},
                   {event::timer_expired{session_timer::keepalive},
                    {action::send_keepalive{}, start_keepalive},
                    established},
                   {event::timer_expired{session_timer::send_hold},
                    ended({stop_hold, stop_keepalive}, true, send_hold_expired), idle},
                   {event::timer_expired{session_timer::connect_retry}, {}, established},
                   {event::stop{}, over(), idle},
               });
}

TEST_CASE("established: only a plain request for a negotiated family is answered, "
          "RFC 2918 §4, RFC 7313 §5") {
    using enum wire::refresh_subtype;
    for (const auto& message : {
             wire::route_refresh{1, begin, 1},
             wire::route_refresh{1, end, 1},
             wire::route_refresh{1, wire::refresh_subtype{3}, 1},
             wire::route_refresh{1, wire::refresh_subtype{255}, 1},
             wire::route_refresh{1, request, 2},
             wire::route_refresh{25, request, 1},
         })
        CHECK(in(session_state::established).handle(event::route_refresh_received{message}) ==
              actions{});

    auto settings = our_settings();
    settings.families = {net::address_family::ipv4};
    session_fsm fsm(settings);
    fsm.handle(event::start{});
    fsm.handle(event::tcp_established{});
    fsm.handle(event::open_received{peer_open()});
    fsm.handle(event::keepalive_received{});
    CHECK(fsm.handle(event::route_refresh_received{ipv6_refresh}) == actions{});
    CHECK(fsm.handle(event::route_refresh_received{{1, request, 1}}) ==
          actions{action::resend{net::address_family::ipv4}});
}

TEST_CASE("open_sent: an OPEN that cannot be agreed with is refused, RFC 4271 §6.2") {
    auto open = peer_open();
    open.capabilities.clear();
    open.my_as = 64501;
    auto fsm = in(session_state::open_sent);
    CHECK(fsm.handle(event::open_received{open}) ==
          ended({stop_hold}, false, wire::notification{wire::error_code::open_message, 2, {}}));
    CHECK(fsm.session() == std::nullopt);
}

TEST_CASE("session: a hold time of 0 runs neither hold, keepalive nor send hold timer, "
          "RFC 4271 §4.2, RFC 9687 §3.2") {
    auto open = peer_open();
    open.hold_time = 0;
    auto expected = peer_session();
    expected.hold_time = 0s;
    expected.keepalive = 0s;

    auto fsm = in(session_state::open_sent);
    CHECK(fsm.handle(event::open_received{open}) == actions{action::send_keepalive{}, stop_hold});
    CHECK(fsm.handle(event::keepalive_received{}) == actions{action::session_up{expected}});
    CHECK(fsm.handle(event::keepalive_received{}) == actions{});
    CHECK(fsm.handle(event::update_received{}) == actions{});
    CHECK(fsm.handle(event::write_progressed{}) == actions{});
    CHECK(fsm.handle(event::tcp_failed{}) == ended({}, true));
}

TEST_CASE("session: a keepalive that jitter would bring under a second is not jittered, "
          "RFC 4271 §4.4") {
    const auto keepalive_at = [](std::uint16_t hold_time) {
        auto open = peer_open();
        open.hold_time = hold_time;
        return in(session_state::open_sent).handle(event::open_received{open}).at(1);
    };
    CHECK(keepalive_at(3) ==
          session_action{action::start_timer{session_timer::keepalive, 1s, false}});
    CHECK(keepalive_at(4) ==
          session_action{action::start_timer{session_timer::keepalive, 1333ms, false}});
    CHECK(keepalive_at(5) ==
          session_action{action::start_timer{session_timer::keepalive, 1666ms, true}});
}

TEST_CASE("session: the send hold time is twice a long hold time, RFC 9687 §3.1") {
    auto settings = our_settings();
    settings.hold_time = 300s;
    auto open = peer_open();
    open.hold_time = 241;
    auto expected = peer_session();
    expected.hold_time = 241s;
    expected.keepalive = 80333ms;

    session_fsm fsm(settings);
    fsm.handle(event::start{});
    fsm.handle(event::tcp_established{});
    fsm.handle(event::open_received{open});
    CHECK(fsm.handle(event::keepalive_received{}) ==
          actions{action::start_timer{session_timer::hold, 241s, false},
                  action::start_timer{session_timer::send_hold, 482s, false},
                  action::session_up{expected}});
}

TEST_CASE("session: the OPEN after a planned restart says so, RFC 4724 §4.1") {
    auto settings = our_settings();
    settings.graceful_restart = 60s;
    session_fsm fsm(settings, true);
    fsm.handle(event::start_passive{});
    CHECK(fsm.handle(event::tcp_established{}) ==
          actions{action::send_open{make_open(settings, true)}, start_open_hold});
}

TEST_CASE("session: with the notification extension an end for good is a Hard Reset, RFC 8538 §5") {
    auto settings = our_settings();
    settings.graceful_restart = 60s;
    auto open = peer_open();
    wire::graceful_restart_capability helper;
    helper.notification = true;
    open.capabilities.emplace_back(helper);
    const auto shutdown = wire::make_cease(wire::cease_code::administrative_shutdown, "bye");
    const auto removed = wire::make_cease(wire::cease_code::deconfigured);
    const auto reset = wire::make_cease(wire::cease_code::administrative_reset);
    for (const auto& [asked, sent] :
         {std::pair{shutdown, wire::make_hard_reset(shutdown)},
          std::pair{removed, wire::make_hard_reset(removed)}, std::pair{reset, reset}}) {
        session_fsm fsm(settings);
        fsm.handle(event::start_passive{});
        fsm.handle(event::tcp_established{});
        fsm.handle(event::open_received{open});
        fsm.handle(event::keepalive_received{});
        const auto out = fsm.handle(event::stop{asked});
        CHECK(out.front() == session_action{action::send_notification{sent}});
        CHECK(out.back() == session_action{action::session_over{sent, {}, true}});
    }
}

TEST_CASE("session: what was negotiated is known from OpenConfirm until the end") {
    auto fsm = in(session_state::open_sent);
    CHECK(fsm.session() == std::nullopt);
    fsm.handle(event::open_received{peer_open()});
    CHECK(fsm.session() == peer_session());
    fsm.handle(event::keepalive_received{});
    CHECK(fsm.session() == peer_session());
    fsm.handle(event::tcp_failed{});
    CHECK(fsm.session() == std::nullopt);
}

TEST_CASE("session: after its end it hears nothing until it is started again") {
    auto fsm = in(session_state::established);
    fsm.handle(event::tcp_failed{});
    CHECK(fsm.handle(event::keepalive_received{}) == actions{});
    CHECK(fsm.handle(event::timer_expired{session_timer::hold}) == actions{});
    CHECK(fsm.handle(event::stop{goodbye}) == actions{});
    CHECK(fsm.handle(event::start{}) == actions{start_connect_retry, action::dial{}});
}

TEST_CASE("session_state: states are written as in the RFC, RFC 4271 §8.2.2") {
    using enum session_state;
    CHECK(to_string(idle) == "Idle");
    CHECK(to_string(connect) == "Connect");
    CHECK(to_string(active) == "Active");
    CHECK(to_string(open_sent) == "OpenSent");
    CHECK(to_string(open_confirm) == "OpenConfirm");
    CHECK(to_string(established) == "Established");
}
