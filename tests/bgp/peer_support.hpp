#pragma once

#include "herald/bgp/peer.hpp"
#include "herald/wire/messages.hpp"
#include "tests/bgp/scripted_peer.hpp"
#include "tests/bgp/session_support.hpp"
#include "tests/support/bytes.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <vector>

/// A peer, the time that passes for it, and the other side of its connections, as octets.
namespace herald::bgp::test {

inline peer_settings peering_settings() {
    return {.session = our_settings(), .passive = false, .next_hops = {}};
}

inline wire::open_message open_from(std::uint32_t identifier) {
    auto open = peer_open();
    open.identifier = identifier;
    return open;
}

/// What a peer asks for and tells, a line each.
struct peer_action_in_words {
    std::string operator()(peer_action::dial dial) const {
        return "dial " + std::to_string(dial.connection);
    }
    std::string operator()(const peer_action::close& close) const {
        return "close " + std::to_string(close.connection) +
               (close.rest.empty() ? "" : " after " + herald::test::to_hex(close.rest));
    }
    std::string operator()(peer_action::be_patient patience) const {
        return "be patient " + std::to_string(patience.connection) + " " +
               std::to_string(patience.timeout.count()) + " ms";
    }
    std::string operator()(peer_action::state_changed change) const {
        return std::string(to_string(change.before)) + " -> " + std::string(to_string(change.now));
    }
    std::string operator()(const peer_action::session_up&) const { return "up"; }
    std::string operator()(const peer_action::session_ended& ended) const {
        return "ended: " + ended.end.describe();
    }
    std::string operator()(const peer_action::malformed&) const { return "malformed"; }
    std::string operator()(const peer_action::problem& problem) const { return problem.text; }
};

using lines = std::vector<std::string>;

inline lines in_lines(const peer_actions& actions) {
    lines all;
    for (const auto& action : actions)
        all.push_back(std::visit(peer_action_in_words{}, action));
    return all;
}

struct peer_bench {
    peer under_test;
    moment at{time_point(1h), {}};

    explicit peer_bench(const peer_settings& settings = peering_settings())
        : under_test(settings, false, 1, {time_point(1h), {}}) {}
    peer_bench(const peer_settings& settings, const peer_snapshot& from,
               std::shared_ptr<audience> to_hear)
        : under_test(settings, from, std::move(to_hear)) {}

    lines start() { return in_lines(under_test.start(at)); }
    lines stop(const std::optional<wire::notification>& notification = {}) {
        return in_lines(under_test.stop(notification, at));
    }
    lines connected(connection_id id) {
        return in_lines(under_test.connected(id, our_address, eth0, at));
    }
    /// The neighbor dials.
    connection_id accepted(lines* done = nullptr) {
        const auto id = under_test.next_connection();
        auto actions = in_lines(under_test.accepted(our_address, eth0, at));
        if (done != nullptr)
            *done = std::move(actions);
        return id;
    }
    lines broken(connection_id id) { return in_lines(under_test.failed(id, {}, at)); }
    lines receive(connection_id id, const bytes& octets) {
        const auto into = under_test.input(id);
        REQUIRE(into.size() >= octets.size());
        std::ranges::copy(octets, into.begin());
        return in_lines(under_test.received(id, octets.size(), at));
    }
    /// All that it has to write on a connection.
    bytes written(connection_id id) {
        bytes all;
        for (auto octets = under_test.output(id); !octets.empty(); octets = under_test.output(id)) {
            std::size_t count = 0;
            for (const auto part : octets) {
                all.insert(all.end(), part.begin(), part.end());
                count += part.size();
            }
            under_test.wrote(id, count, at);
        }
        return all;
    }
    /// Lets time pass, timer by timer.
    lines pass(std::chrono::milliseconds time) {
        const auto end = at.now + time;
        lines all;
        for (auto next = under_test.next_timer(); next && *next <= end;
             next = under_test.next_timer()) {
            at.now = std::max(at.now, *next);
            std::ranges::copy(in_lines(under_test.expired(at)), std::back_inserter(all));
        }
        at.now = end;
        return all;
    }
    /// Dials and comes to Established; the connection is 1.
    connection_id establish() {
        start();
        const auto id = under_test.next_connection() - 1;
        connected(id);
        receive(id, wire::encode(peer_open()));
        receive(id, wire::encode_keepalive());
        written(id);
        REQUIRE(under_test.established());
        return id;
    }
};

} // namespace herald::bgp::test

template <>
struct doctest::StringMaker<herald::bgp::test::lines> {
    static doctest::String convert(const herald::bgp::test::lines& all) {
        std::string words;
        for (const auto& line : all)
            words += "\n  " + line;
        return (words.empty() ? "nothing" : words).c_str();
    }
};
