#pragma once

#include "herald/wire/cursor.hpp"

#include <array>
#include <cstdint>

namespace herald::bfd {

using sha1_digest = std::array<std::uint8_t, 20>;

/// FIPS 180-4 §6.1. Here since the program links no cryptographic library, and what Boost has of it
/// is a detail whose types differ from version to version.
sha1_digest sha1(wire::octets message);

} // namespace herald::bfd
