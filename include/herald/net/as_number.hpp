#pragma once

#include <cstdint>

namespace herald::net {

/// An autonomous-system number of four octets, RFC 6793.
using as_number = std::uint32_t;

/// Stands in two-octet fields for a number that does not fit, RFC 6793 §9.
inline constexpr as_number as_trans = 23456;

/// Whether a speaker may call itself this: not 0 (RFC 7607), not AS_TRANS (RFC 6793), not the
/// last of the two- and four-octet ranges (RFC 7300).
constexpr bool is_usable(as_number as) {
    return as != 0 && as != as_trans && as != 65535 && as != 4294967295;
}

constexpr bool fits_two_octets(as_number as) {
    return as <= 65535;
}

} // namespace herald::net
