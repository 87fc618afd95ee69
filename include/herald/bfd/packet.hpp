#pragma once

#include "herald/wire/cursor.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

namespace herald::bfd {

using wire::octets;
using discriminator = std::uint32_t; // of a session; 0: not known

/// RFC 5880 §4.1, as on the wire.
enum class session_state : std::uint8_t { admin_down, down, init, up };

/// "AdminDown", "Down" …, as the RFC and every router write it.
std::string_view to_string(session_state state);

/// Why the state changed last, RFC 5880 §4.1, as on the wire. Others may arrive.
enum class diagnostic : std::uint8_t {
    none,
    detection_time_expired,
    echo_failed,
    neighbor_signaled_down,
    forwarding_plane_reset,
    path_down,
    concatenated_path_down,
    administratively_down,
    reverse_concatenated_path_down,
};

/// "Control Detection Time Expired" …, as the RFC has it; "Reserved" for others.
std::string_view to_string(diagnostic why);

/// The mandatory section of a control packet, RFC 5880 §4.1. Intervals are below 2^32 µs.
struct control_packet {
    session_state state = session_state::down;
    bfd::diagnostic diagnostic = diagnostic::none;
    bool poll = false;
    bool final = false;
    bool control_plane_independent = false;
    bool demand = false;
    std::uint8_t multiplier = 0;
    discriminator mine = 0;  // the sender's
    discriminator yours = 0; // the receiver's, as the sender knows it
    std::chrono::microseconds desired_min_tx{0};
    std::chrono::microseconds required_min_rx{0};
    std::chrono::microseconds required_min_echo_rx{0};
    friend bool operator==(const control_packet&, const control_packet&) = default;
};

/// Why a packet that arrived is dropped, RFC 5880 §6.8.6 if nothing else is said.
enum class discard : std::uint8_t {
    hop_limit, // it may come from afar, RFC 5881 §5
    version,
    length,    // less than a packet has
    truncated, // less has arrived than it says
    multiplier,
    multipoint,
    my_discriminator,
    your_discriminator, // 0, and the state is one that knows it
    unknown_session,
    authentication_unexpected,
    authentication_missing,
    authentication_type, // and what follows: §6.7.4
    authentication_length,
    authentication_key,
    authentication_digest,
    authentication_sequence,
    administratively_down, // this side; what the packet says was taken note of
};
inline constexpr std::size_t discard_count = 17;

/// "hop limit", "authentication digest" …
std::string_view to_string(discard why);

/// How many packets were dropped, by reason.
struct discard_counters {
    std::array<std::uint64_t, discard_count> counts{};

    void count(discard why) { ++counts[static_cast<std::size_t>(why)]; }
    std::uint64_t of(discard why) const { return counts[static_cast<std::size_t>(why)]; }
    std::uint64_t total() const;
    friend bool operator==(const discard_counters&, const discard_counters&) = default;
};

/// A packet in which nothing is wrong as far as can be said without its session. The views are of
/// what was decoded.
struct received_packet {
    control_packet packet;
    octets authentication; // the section, two octets at least; empty: none
    octets whole;
};

/// Octets beyond the packet's Length are not looked at.
std::expected<received_packet, discard> decode(octets datagram);

/// Without authentication, which sign() appends.
std::vector<std::uint8_t> encode(const control_packet& packet);

} // namespace herald::bfd
