#pragma once

#include "herald/bgp/connection.hpp"
#include "herald/bgp/rib_out.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace herald::bgp {

/// What a connection writes: OPEN, KEEPALIVE and NOTIFICATION between messages with routes, which
/// only an Established session has (`routes` is null otherwise).

/// Appends what is to be written next: the rest of a message with routes that was begun, other
/// messages, then routes.
void gather_output(const connection& to, rib_out* routes, std::vector<wire::octets>& into);
/// So many of the octets that were gathered were written.
rib_out::completed wrote_output(connection& to, rib_out* routes, std::size_t count);
void count_sent(message_counters& counters, rib_out::completed messages);
/// What is still to be written before the connection is closed, or handed over: no message is left
/// half sent.
std::vector<std::uint8_t> rest_of_output(const connection& closing, const rib_out* routes);

} // namespace herald::bgp
