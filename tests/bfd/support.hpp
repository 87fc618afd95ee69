#pragma once

#include "herald/bfd/authentication.hpp"
#include "herald/bfd/session.hpp"
#include "tests/support/bytes.hpp"

#include <chrono>
#include <fmt/format.h>
#include <string>
#include <vector>

namespace herald::bfd::test {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;
using herald::test::bytes;
using herald::test::hex;
using herald::test::to_hex;

inline constexpr discriminator ours = 0x0A;
inline constexpr discriminator theirs = 0xB0;

/// A packet in one line: what changes from one to the next.
inline std::string in_line(const control_packet& packet) {
    const auto milliseconds = [](microseconds of) { return static_cast<double>(of.count()) / 1e3; };
    return fmt::format("{}{}{}{} to {:x}, {} of {}/{} ms", to_string(packet.state),
                       packet.diagnostic == diagnostic::none
                           ? ""
                           : fmt::format("({})", static_cast<int>(packet.diagnostic)),
                       packet.poll ? " P" : "", packet.final ? " F" : "", packet.yours,
                       packet.multiplier, milliseconds(packet.desired_min_tx),
                       milliseconds(packet.required_min_rx));
}

/// What a session did, a line each: "send …" or "Down -> Up".
inline lines in_lines(const session_actions& actions) {
    struct writer {
        lines out;
        void operator()(const action::send& sent) {
            out.push_back("send " + in_line(decode(sent.packet)->packet));
        }
        void operator()(const action::state_changed& change) {
            out.push_back(
                fmt::format("{} -> {}{}{}", to_string(change.before), to_string(change.now),
                            change.diagnostic == diagnostic::none
                                ? ""
                                : fmt::format(": {}", to_string(change.diagnostic)),
                            change.remote == session_state::admin_down ? ", there AdminDown" : ""));
        }
    };
    writer each{};
    for (const auto& one : actions)
        std::visit(each, one);
    return each.out;
}

/// A packet of the other side, as it would be sent by one with the default intervals.
inline control_packet their_packet(session_state state) {
    return {.state = state,
            .multiplier = 3,
            .mine = theirs,
            .yours = ours,
            .desired_min_tx = 300ms,
            .required_min_rx = 300ms};
}

/// A session, made-up time, and the other side's packets.
struct session_bench {
    explicit session_bench(session_settings settings = {}, std::uint32_t seed = 1)
        : under_test(std::move(settings), ours, seed, at) {}

    lines hear(const control_packet& packet) {
        const auto octets = encode(packet);
        return in_lines(under_test.received(*decode(octets), at));
    }
    lines hear(session_state state) { return hear(their_packet(state)); }
    lines hear_signed(const control_packet& packet, const authentication_settings& with,
                      std::uint32_t sequence) {
        auto octets = encode(packet);
        sign(octets, with, sequence);
        return in_lines(under_test.received(*decode(octets), at));
    }
    /// Nothing is told of how it came to be so, and no poll is left over.
    void bring_up() {
        hear(session_state::down);
        hear(session_state::init);
        auto answer = their_packet(session_state::up);
        answer.final = true;
        hear(answer);
        hear(session_state::up);
    }
    /// Timer by timer: what happens, and after how many milliseconds.
    lines pass(std::chrono::milliseconds time) {
        lines all;
        const auto begin = at.now;
        while (under_test.next_timer().value_or(net::time_point::max()) <= begin + time) {
            at.now = std::max(at.now, *under_test.next_timer());
            const auto after =
                std::chrono::duration_cast<std::chrono::milliseconds>(at.now - begin).count();
            for (const auto& line : in_lines(under_test.expired(at)))
                all.push_back(fmt::format("{}: {}", after, line));
        }
        at.now = begin + time;
        return all;
    }
    std::uint64_t dropped(discard why) const { return under_test.snapshot().dropped.of(why); }

    moment at{net::time_point(1h), {}};
    session under_test;
};

} // namespace herald::bfd::test
