#pragma once

#include "herald/fleet/guard_settings.hpp"
#include "herald/fleet/roster.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace herald::fleet {

using time_point = std::chrono::steady_clock::time_point;

/// Who we are.
struct identity {
    std::string node;
    std::string site;
    std::chrono::milliseconds ttl{std::chrono::seconds{10}}; // without a beat for so long, a node
                                                             // does not count
    friend bool operator==(const identity&, const identity&) = default;
};

/// Why a permit is wanted.
struct need {
    enum class of_health : std::uint8_t {
        none,
        early,  // a check has begun to fail
        verdict // it is down
    };
    struct drain {
        std::string by;
        std::string note;
        bool queue = false; // waits for its turn
        friend bool operator==(const drain&, const drain&) = default;
    };

    of_health health = of_health::none;
    std::optional<fleet::need::drain> drain_asked; // until it is in force, or given up
    friend bool operator==(const need&, const need&) = default;
};

/// What happens to a guard. A write's answer names it by its `number`.
namespace event {
struct own_state {
    record said; // without a permit
};
struct needed {
    need what;
};
struct seen {
    roster what; // the newest; the store can be asked
};
struct lost {}; // the store cannot be asked
struct committed {
    std::uint64_t number = 0;
    revision written = 0;
};
struct conflict {
    std::uint64_t number = 0;
    roster what; // as it was then
};
struct unknown { // whether it was done; what is seen next tells
    std::uint64_t number = 0;
};
} // namespace event
using guard_event = std::variant<event::own_state, event::needed, event::seen, event::lost,
                                 event::committed, event::conflict, event::unknown>;

/// One transaction: our record is written if all of this is still so. At most one is under way.
struct write {
    std::uint64_t number = 0;
    record what;
    revision own_written = 0;                // of our record; 0: there is none
    std::optional<revision> nothing_since;   // no record of the service is newer
    std::map<std::string, revision> present; // nodes that are there since then
    friend bool operator==(const write&, const write&) = default;
};
/// We are to be in the queue, or not.
struct enqueue {
    friend bool operator==(const enqueue&, const enqueue&) = default;
};
struct dequeue {
    friend bool operator==(const dequeue&, const dequeue&) = default;
};
using guard_action = std::variant<write, enqueue, dequeue>;

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

/// Guards one service on one node: pure, a function from event to actions. It gets permits and
/// gives them back, so that no two nodes ever count on each other:
///
/// - All that a node says of a service is one key, and each write of it names the one before. So a
///   write that is late, whoever gave it up, does nothing.
/// - A permit is part of that key. It is written if, at that moment, nothing has changed of what
///   was counted: enough others are there, announced and well, and have no permit themselves.
/// - It is given back when the service is announced again, and counts for nothing from the moment
///   that giving it back was begun.
class guard {
public:
    guard(guard_settings settings, identity self);

    std::vector<guard_action> handle(const guard_event& event, time_point now);
    /// When expired() is to be called, by which time alone changes something.
    std::optional<time_point> deadline() const;
    std::vector<guard_action> expired(time_point now);
    /// Takes other settings; what is counted may be enough by then.
    std::vector<guard_action> change(guard_settings settings, time_point now);

    /// Whether the service may be taken away now.
    bool permitted() const;
    /// Whether our record in the store says what is true. A node may be present only then.
    bool truthful() const;
    /// While a permit is needed and there is none: as of the last event.
    const std::optional<refusal>& refused() const;
    /// The newest that is known; none before any was seen.
    const std::optional<roster>& known() const;
};

} // namespace herald::fleet
