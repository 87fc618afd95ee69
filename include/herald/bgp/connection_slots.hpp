#pragma once

#include "herald/bgp/connection.hpp"

#include <array>
#include <memory>
#include <optional>

namespace herald::bgp {

/// The connections of one peer: of each side one at most until one of them is Established.
class connection_slots {
public:
    using pointer = std::unique_ptr<connection>;

    pointer dialled;
    pointer accepted;
    pointer established;

    std::array<pointer*, 3> all() { return {&dialled, &accepted, &established}; }
    std::array<const pointer*, 3> all() const { return {&dialled, &accepted, &established}; }
    /// Null: there is none with this id.
    connection* find(connection_id id) const;
    /// Takes a connection out of its slot.
    pointer release(const connection& one);
    /// Of the connection that is furthest, for a peer that runs, or does not.
    session_state furthest_state(bool running) const;
    std::optional<time_point> next_timer() const;
};

} // namespace herald::bgp
