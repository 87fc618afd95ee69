#pragma once

#include "herald/bgp/connection.hpp"
#include "herald/bgp/session_end.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace herald::bgp {

/// What a peer asks of whoever has its sockets, and what it tells. To be done in this order; what
/// a connection has to write comes apart, from peer::output().
namespace peer_action {
/// Open a TCP connection; one that is being opened under this id is given up first.
struct dial {
    connection_id connection = 0;
    friend bool operator==(dial, dial) = default;
};
/// Write the rest, then close, within a bounded time. One that is being opened is given up.
struct close {
    connection_id connection = 0;
    std::vector<std::uint8_t> rest;
    friend bool operator==(const close&, const close&) = default;
};
/// The session is Established: TCP may now wait this long for the peer to take octets, RFC 9687;
/// 0: as long as the system does.
struct be_patient {
    connection_id connection = 0;
    std::chrono::milliseconds timeout{0};
    friend bool operator==(be_patient, be_patient) = default;
};
struct state_changed {
    session_state before = session_state::idle;
    session_state now = session_state::idle;
    friend bool operator==(state_changed, state_changed) = default;
};
struct session_up {
    negotiated_session session;
    friend bool operator==(const session_up&, const session_up&) = default;
};
struct session_ended {
    session_end end;
    friend bool operator==(const session_ended&, const session_ended&) = default;
};
struct malformed {
    malformed_update update;
    friend bool operator==(const malformed&, const malformed&) = default;
};
/// A next hop could not be found …: problems() has changed.
struct problem {
    std::string text;
    friend bool operator==(const problem&, const problem&) = default;
};
} // namespace peer_action

using any_peer_action =
    std::variant<peer_action::dial, peer_action::close, peer_action::be_patient,
                 peer_action::state_changed, peer_action::session_up, peer_action::session_ended,
                 peer_action::malformed, peer_action::problem>;
using peer_actions = std::vector<any_peer_action>;

} // namespace herald::bgp
