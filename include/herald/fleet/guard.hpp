#pragma once

#include "herald/fleet/count.hpp"
#include "herald/fleet/guard_settings.hpp"
#include "herald/fleet/roster.hpp"
#include "herald/fleet/sightings.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace herald::fleet {

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

/// Guards one service on one node: pure, a function from event to actions. It gets permits and
/// gives them back, so that no two nodes ever count on each other:
///
/// - All that a node says of a service is one key, and each write of it names the one before. So a
///   write that is late, whoever gave it up, does nothing.
/// - A permit is part of that key. It is written if, at that moment, nothing has changed of what
///   was counted: enough others are there, announced and well, and have no permit themselves.
/// - It is given back when the service is announced again, and counts for nothing from the moment
///   that giving it back was begun.
/// - A write that an earlier life sent, or whose answer is unknown, may still be done. It is made
///   void by the next one, without which the store's record is not relied on. So a life begins with
///   a write, even of what is there.
/// - Until the service is taken away by it, a permit holds only as long as enough others are seen
/// to
///   be there: they may die in the meantime.
///
/// A service that was taken away is told of as `own_state` before the need for it is over, or the
/// permit would be given back.
class guard {
public:
    guard(guard_settings settings, identity self);

    std::vector<guard_action> handle(const guard_event& event, time_point now);
    /// When expired() is to be called, by which time alone changes something.
    std::optional<time_point> deadline() const { return deadline_; }
    std::vector<guard_action> expired(time_point now) { return proceed(now); }
    /// Takes other settings; what is counted may be enough by then.
    std::vector<guard_action> change(guard_settings settings, time_point now);

    /// Whether the service may be taken away now. What is not announced may.
    bool permitted() const { return permitted_; }
    /// Whether our record in the store says what is true, and stays so. A node may be present only
    /// then; what others need to see of it are its beats, so those are to wait for it, too.
    bool truthful() const;
    /// While a permit is needed and there is none: as of the last event. Null while it is asked
    /// for.
    const std::optional<refusal>& refused() const { return refused_; }
    /// The newest that is known; none before any was seen.
    const std::optional<roster>& known() const { return known_; }

private:
    enum class step : std::uint8_t { keep_true, take_permit, give_back };
    /// A write whose answer is unknown: it may be done as long as our record is of this revision.
    struct doubt {
        revision on = 0;
        bool drops_permit = false;
    };
    /// Until a newer roster was seen, or for so long.
    struct pause {
        revision beyond = 0;
        time_point end;
    };

    void on(const event::own_state& told);
    void on(const event::needed& told);
    void on(const event::seen& told, time_point now);
    void on_lost(time_point now);
    void on(const event::committed& told, time_point now);
    void on(const event::conflict& told, time_point now);
    void on(const event::unknown& told, time_point now);

    bool answers(std::uint64_t number) const { return under_way_ && under_way_->number == number; }
    void accept(const roster& newest, time_point now);
    void replace_known(roster by, time_point now);
    void forget_answer(time_point now);

    const member* stored() const;
    const fleet::permit* given() const;
    bool uncertain() const { return !fenced_ || doubt_; }
    bool is_needed() const;
    bool is_wanted() const;
    bool is_away() const;
    bool is_announced_again() const;
    bool holds() const;
    bool may_ask(time_point now) const;
    bool may_ask_for_drain(time_point now) const;
    fleet::permit new_permit() const;

    std::vector<guard_action> proceed(time_point now);
    step next_step(time_point now) const;
    std::optional<write> next_write(time_point now);
    void judge(time_point now);
    std::optional<refusal> refuse(time_point now) const;
    std::optional<time_point> next_change(time_point now) const;

    guard_settings settings_;
    identity self_;
    std::optional<record> own_;
    need need_;
    bool refused_health_ = false; // once, in this need

    std::optional<roster> known_; // with what we have written since
    revision own_since_ = 0;      // where in history our own record was last known
    sightings seen_;
    tally tally_;
    time_point changed_; // when the roster last did
    bool lost_ = false;

    std::optional<write> under_way_;
    std::uint64_t last_number_ = 0;
    bool fenced_ = false; // we have written in this life
    std::optional<doubt> doubt_;
    std::optional<pause> pause_;

    bool queued_ = false;
    bool permitted_ = false;
    std::optional<refusal> refused_;
    std::optional<time_point> deadline_;
};

} // namespace herald::fleet
