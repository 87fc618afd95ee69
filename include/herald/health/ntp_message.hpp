#pragma once

#include "herald/health/check_settings.hpp"
#include "herald/health/probe_result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace herald::health {

inline constexpr std::size_t ntp_packet_size = 48; // without extensions, RFC 5905 §7.3

/// A client's packet of version 4, whose only content is its transmit timestamp. That need not be
/// the time: a random number tells the server nothing, and is what a forger would have to guess.
std::array<std::uint8_t, ntp_packet_size> ntp_request(std::uint64_t transmit);

/// What a packet says that came for the request with that timestamp; none where it is no reply to
/// it, RFC 5905 §8.
std::optional<probe_result> judge_ntp_reply(const ntp_settings& settings, std::uint64_t transmit,
                                            std::span<const std::uint8_t> packet);

} // namespace herald::health
