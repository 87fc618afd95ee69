#pragma once

#include "herald/bfd/packet.hpp"
#include "herald/net/moment.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace herald::bfd {

using net::moment;
using net::time_point;
using std::chrono::microseconds;

/// A session as values, from which it can be made again: in another process too, as long as its
/// clock is the same one. The names are those of RFC 5880 §6.8.1 where it has one.
struct session_snapshot {
    static constexpr unsigned current_version = 1; // of what follows

    unsigned version = current_version;
    session_state state = session_state::down;
    bfd::diagnostic diagnostic = diagnostic::none;
    discriminator local = 0;
    std::chrono::system_clock::time_point since{}; // the state
    std::uint64_t transitions = 0;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    discard_counters dropped;

    // What this side says.
    microseconds desired_min_tx{0};
    microseconds required_min_rx{0};
    std::optional<microseconds> earlier_min_tx; // in force until the poll has ended
    std::optional<microseconds> earlier_min_rx;
    bool polling = false;
    bool settling = false; // the poll has ended, and Finals of it may still be on their way

    // What the other side has said; forgotten when it is not heard for a detection time.
    std::optional<time_point> heard_at;
    session_state remote_state = session_state::down;
    bfd::diagnostic remote_diagnostic = diagnostic::none; // not forgotten: it is only shown
    discriminator remote = 0;
    bool remote_demand = false;
    std::uint8_t remote_multiplier = 0;
    microseconds remote_min_tx{0};
    microseconds remote_min_rx{1};

    time_point sent_at{};    // the last periodic packet
    std::int64_t jitter = 0; // of the interval since, in millionths of it
    std::uint32_t jitter_seed = 0;
    std::optional<time_point> silent_at; // AdminDown was said for long enough
    std::uint32_t send_sequence = 0;     // of the last packet
    std::optional<std::uint32_t> received_sequence;
    std::optional<time_point> forget_sequence_at;

    friend bool operator==(const session_snapshot&, const session_snapshot&) = default;
};

/// What is wrong with a snapshot, so that no session can be made of it; none: nothing.
std::optional<std::string> find_fault(const session_snapshot& snapshot);

} // namespace herald::bfd
