#include "herald/fleet/sightings.hpp"

namespace herald::fleet {

void sightings::see(const roster& what, time_point now) {
    // A beat may be as old as our last look.
    const auto earliest = looking_ ? now : last_look_.value_or(now);
    std::erase_if(nodes_, [&](const auto& node) { return !what.present.contains(node.first); });
    for (const auto& [name, presence] : what.present) {
        const auto [known, is_new] = nodes_.try_emplace(name, presence.beat, now);
        if (!is_new && known->second.beat != presence.beat) {
            known->second.beat = presence.beat;
            known->second.changed = earliest;
        }
    }
    last_look_ = now;
    looking_ = true;
}

bool sightings::alive(const std::string& node, time_point now) const {
    const auto known = nodes_.find(node);
    return known != nodes_.end() && known->second.changed && now - *known->second.changed < ttl_;
}

bool sightings::may_be_alive(const std::string& node, time_point now) const {
    return nodes_.contains(node) && now < end_of_life(node);
}

time_point sightings::end_of_life(const std::string& node) const {
    const auto& known = nodes_.at(node);
    return known.changed.value_or(known.begun) + ttl_;
}

} // namespace herald::fleet
