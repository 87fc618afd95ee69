#pragma once

#include "herald/net/ip_prefix.hpp"
#include "herald/wire/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace herald::wire {

/// The prefix lists of UPDATEs, RFC 4271 §4.3.

/// Whether `bytes` are prefixes of a family, each length at most that of an address and none
/// running past the end, RFC 7606 §5.3.
bool is_nlri(octets bytes, net::address_family family);

/// Appends the prefixes of a list that is_nlri() accepted; host bits are cleared.
void read_nlri(octets bytes, net::address_family family, std::vector<net::ip_prefix>& to);

/// How many octets a prefix takes.
inline std::size_t nlri_size(const net::ip_prefix& prefix) {
    return 1 + prefix.octets().size();
}

inline void write_nlri(writer& to, const net::ip_prefix& prefix) {
    to.write(prefix.length());
    to.write(prefix.octets());
}

} // namespace herald::wire
