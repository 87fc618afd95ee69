#include "herald/bgp/peer.hpp"

#include <utility>

namespace herald::bgp {

peer_actions peer::bfd_changed(bool up, bool by_operator, moment at) {
    const bool was_up = std::exchange(bfd_up_, up);
    for (auto* slot : connections_.all()) {
        if (!*slot)
            continue;
        const bool begun = (*slot)->state() >= session_state::open_confirm;
        if (was_up && !up && !by_operator && begun)
            handle(**slot, event::stop{wire::make_cease(wire::cease_code::bfd_down)}, at);
        else
            handle(**slot, event::bfd_changed{up}, at);
    }
    update_state(at);
    return done();
}

} // namespace herald::bgp
