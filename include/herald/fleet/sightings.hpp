#pragma once

#include "herald/fleet/roster.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace herald::fleet {

using time_point = std::chrono::steady_clock::time_point;

/// When each node was last heard of, by our own clock. That a node's key is there says little: a
/// new leader of the store extends all leases, also those of the dead. What counts is that the key
/// was written again while we looked; the first sight of it is no sign of life.
class sightings {
public:
    explicit sightings(std::chrono::milliseconds ttl) : ttl_(ttl) {}

    /// The newest roster.
    void see(const roster& what, time_point now);
    /// Nothing is seen until the next roster. What has changed by then may have done so at once.
    void look_away() { looking_ = false; }

    /// Whether its key was written again less than the ttl ago.
    bool alive(const std::string& node, time_point now) const;
    /// Also while we have not looked for as long as the ttl.
    bool may_be_alive(const std::string& node, time_point now) const;
    /// When this is over, if nothing more is heard; for a node that is alive, or may be.
    time_point end_of_life(const std::string& node) const;

private:
    struct sighting {
        revision beat = 0;
        time_point begun;
        std::optional<time_point> changed = {};
    };

    std::chrono::milliseconds ttl_;
    std::map<std::string, sighting> nodes_;
    std::optional<time_point> last_look_;
    bool looking_ = false;
};

} // namespace herald::fleet
