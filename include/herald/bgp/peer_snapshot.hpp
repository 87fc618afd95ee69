#pragma once

#include "herald/bgp/connection.hpp"
#include "herald/bgp/family_feed.hpp"
#include "herald/bgp/session_end.hpp"
#include "herald/net/address_family.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace herald::bgp {

/// A peer as values, from which it can be made again: in another process too, as long as its clock
/// is the same one.
struct peer_snapshot {
    static constexpr unsigned current_version = 1; // of what follows

    unsigned version = current_version;
    bool running = false;
    bool down = false; // administratively
    bool routes_complete = false;

    std::vector<connection_snapshot> connections;
    connection_id next_id = 1;
    connection_id after_session_up = 0;
    std::optional<time_point> dial_at;
    time_point not_before{}; // dialling
    time_point up_since{};
    time_point restarted_until{};
    unsigned failures = 0; // that decide the back-off
    std::uint32_t jitter_seed = 0;

    std::map<net::address_family, feed_snapshot> routes; // of the session's families
    net::family_set refreshes_asked;
    time_point refreshes_spent_until{};

    std::chrono::system_clock::time_point since{};
    std::uint64_t transitions = 0;
    std::uint64_t malformed = 0;
    session_ends ends;
    message_counters counters; // what is in a connection's output counts as sent

    friend bool operator==(const peer_snapshot&, const peer_snapshot&) = default;
};

/// What is wrong with a snapshot, so that no peer can be made of it; none: nothing.
std::optional<std::string> find_fault(const peer_snapshot& snapshot);

} // namespace herald::bgp
