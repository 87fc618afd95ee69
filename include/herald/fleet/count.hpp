#pragma once

#include "herald/fleet/guard_settings.hpp"
#include "herald/fleet/roster.hpp"
#include "herald/fleet/sightings.hpp"

#include <map>
#include <string>
#include <vector>

namespace herald::fleet {

/// Who we are.
struct identity {
    std::string node;
    std::string site;
    std::chrono::milliseconds ttl{std::chrono::seconds{10}}; // without a beat for so long, a node
                                                             // does not count
    friend bool operator==(const identity&, const identity&) = default;
};

/// Why there is no permit.
struct refusal {
    /// One that does not count as announced elsewhere.
    struct out {
        std::string node;
        std::string site;
        std::string why; // "drained by alice: kernel update", "has not been heard of" …
        friend bool operator==(const out&, const out&) = default;
    };

    bool store_lost = false;
    unsigned announced = 0; // elsewhere: sites or nodes
    unsigned keep = 0;
    std::vector<out> those;
    std::vector<std::string> before_us; // nodes that have waited longer
    friend bool operator==(const refusal&, const refusal&) = default;
};

/// One service as it is announced elsewhere. A unit is a site or a node, as is set.
struct tally {
    unsigned keep = 0;                     // units
    unsigned well = 0;                     // units with a node that counts
    std::map<std::string, revision> those; // the nodes that count, and since when they are present
    unsigned possible = 0;                 // those, and units of which that is yet to be seen
    unsigned announced = 0;              // units with a node that is announced, even if it is held
    std::vector<std::string> announcing; // the nodes of that
    friend bool operator==(const tally&, const tally&) = default;
};

/// A node counts if it is alive, announced and well, heard by a neighbor, and has no permit.
tally count(const guard_settings& settings, const identity& self, const roster& known,
            const sightings& seen, time_point now);

/// The other members that do not count, and why, for people.
std::vector<refusal::out> not_counted(const identity& self, const roster& known,
                                      const sightings& seen, time_point now);

/// The nodes that wait to drain and may be alive: those that have waited longer, if we wait; else
/// all.
std::vector<std::string> waiting_before(const identity& self, const roster& known,
                                        const sightings& seen, time_point now);

/// Whether the same nodes are there, and count in the same way. Beats do not matter, nor does what
/// is only said for people.
bool same_standing(const roster& one, const roster& other);

} // namespace herald::fleet
