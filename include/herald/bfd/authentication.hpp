#pragma once

#include "herald/bfd/packet.hpp"
#include "herald/bfd/session_settings.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

namespace herald::bfd {

/// Appends the section of RFC 5880 §4.4 to an encoded packet.
void sign(std::vector<std::uint8_t>& packet, const authentication_settings& with,
          std::uint32_t sequence);

/// The sequence number of a packet that whoever has the key has sent, RFC 5880 §6.7.4; whether it
/// is one to come is left to the session. None: no authentication is in use, and it has none.
std::expected<std::optional<std::uint32_t>, discard>
verify(const received_packet& arrived, const std::optional<authentication_settings>& with);

} // namespace herald::bfd
