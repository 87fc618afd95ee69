#pragma once

#include "herald/bgp/negotiation.hpp"
#include "herald/bgp/session_fsm.hpp"

#include <cstdint>

namespace herald::bgp {

/// Which end opened a connection.
enum class direction : std::uint8_t { dialled, accepted };

/// What to do when an OPEN arrives on one connection while another to the same neighbor exists.
enum class collision_outcome : std::uint8_t {
    none,           // no decision yet: the other has not seen an OPEN
    close_newcomer, // the connection on which the OPEN arrived gets 6/7
    close_other,    // the other gets 6/7
    replace_other,  // the other is closed without NOTIFICATION, RFC 4724 §4.2
};

/// RFC 4271 §6.8 with the tie-break of RFC 6286 §2.3: the connection opened by the side with the
/// higher identifier (equal: the higher AS) stays. An Established session wins, save where the
/// peer's graceful-restart capability in it lists a family.
collision_outcome resolve_collision(const session_settings& settings,
                                    const wire::open_message& peer, direction newcomer,
                                    const session_fsm& other);

} // namespace herald::bgp
