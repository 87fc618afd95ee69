#pragma once

#include "herald/service/moment.hpp"

#include <chrono>

namespace herald::service {

/// A hold-down as it outlives the program.
struct stored_hold_down {
    unsigned flaps = 0;
    wall_time until;
    wall_time stable_since; // from then on the flaps are being forgotten
    friend bool operator==(const stored_hold_down&, const stored_hold_down&) = default;
};

/// The same on the clock that nobody sets, for the program that takes this one's place.
struct hold_down_snapshot {
    unsigned flaps = 0;
    time_point until{};
    time_point stable_since{};
    friend bool operator==(const hold_down_snapshot&, const hold_down_snapshot&) = default;
};

/// How long a service that went down stays down at least: twice as long with each flap, up to a
/// limit, and as short as at first again after `forgotten_after` of stability. Pure.
class hold_down {
public:
    static constexpr std::chrono::minutes forgotten_after{15};

    /// `first` of 0: it never holds.
    hold_down(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : first_(first)
        , longest_(longest) {}

    /// From the next time it goes down on.
    void change(std::chrono::milliseconds first, std::chrono::milliseconds longest) {
        first_ = first;
        longest_ = longest;
    }
    /// A service that users had was taken from them.
    void went_down(time_point now);
    /// They have it back.
    void came_up(time_point now) { stable_since_ = now; }

    hold_down_snapshot snapshot() const { return {flaps_, until_, stable_since_}; }
    void resume(const hold_down_snapshot& from) {
        flaps_ = from.flaps;
        until_ = from.until;
        stable_since_ = from.stable_since;
    }

    stored_hold_down snapshot(const moment& now) const;
    /// Goes on from a snapshot. However the wall clock was set meanwhile, it holds no longer than
    /// the longest hold-down from now on.
    void restore(const stored_hold_down& stored, const moment& now);

    bool holds(time_point now) const { return now < until_; }
    time_point until() const { return until_; }
    /// How often it went down without `forgotten_after` of stability in between.
    unsigned flaps(time_point now) const { return is_forgotten(now) ? 0 : flaps_; }

private:
    bool is_forgotten(time_point now) const { return now >= stable_since_ + forgotten_after; }

    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    unsigned flaps_ = 0;
    time_point until_{};
    time_point stable_since_{};
};

} // namespace herald::service
