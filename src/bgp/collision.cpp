#include "herald/bgp/collision.hpp"

namespace herald::bgp {

namespace {

/// Whether the connection that we dialled stays, RFC 4271 §6.8 (2), (3), RFC 6286 §2.3.
bool dialled_stays(const session_settings& settings, const wire::open_message& peer) {
    if (settings.router_id != peer.identifier)
        return settings.router_id > peer.identifier;
    return settings.local_as > settings.remote_as.value_or(peer.as());
}

} // namespace

collision_outcome resolve_collision(const session_settings& settings,
                                    const wire::open_message& peer, direction newcomer,
                                    const session_fsm& other) {
    switch (other.state()) {
    case session_state::idle:
    case session_state::connect:
    case session_state::active: return collision_outcome::none;
    case session_state::open_sent:
        // RFC 4271 §6.8: without the other's OPEN its identifier is not known.
        if (!other.waits_for_bfd())
            return collision_outcome::none;
        [[fallthrough]];
    case session_state::open_confirm:
        return dialled_stays(settings, peer) == (newcomer == direction::dialled)
                   ? collision_outcome::close_other
                   : collision_outcome::close_newcomer;
    case session_state::established:
        // RFC 4724 §4.2: only a connection that the peer opened shows that it has restarted; one
        // that we dialled may have been on its way before the other was Established.
        return newcomer == direction::accepted && other.session()->peer_may_restart()
                   ? collision_outcome::replace_other
                   : collision_outcome::close_newcomer;
    }
    return collision_outcome::none;
}

} // namespace herald::bgp
