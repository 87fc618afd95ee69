#include "herald/bgp/connection_slots.hpp"

#include <algorithm>
#include <utility>

namespace herald::bgp {

connection* connection_slots::find(connection_id id) const {
    for (const auto* slot : all())
        if (*slot && (*slot)->id() == id)
            return slot->get();
    return nullptr;
}

connection_slots::pointer connection_slots::release(const connection& one) {
    for (auto* slot : all())
        if (slot->get() == &one)
            return std::exchange(*slot, nullptr);
    return nullptr;
}

/// A dialled connection waits in Connect, an accepted one begins beyond it.
session_state connection_slots::furthest_state(bool running) const {
    auto furthest = running ? session_state::active : session_state::idle;
    for (const auto* slot : all())
        if (*slot)
            furthest = std::max(furthest, (*slot)->state());
    if (dialled && furthest == session_state::active)
        furthest = std::max(dialled->state(), session_state::connect);
    return furthest;
}

std::optional<time_point> connection_slots::next_timer() const {
    std::optional<time_point> earliest;
    for (const auto* slot : all())
        if (*slot)
            if (const auto next = (*slot)->next_timer(); next && (!earliest || *next < *earliest))
                earliest = next;
    return earliest;
}

} // namespace herald::bgp
