#pragma once

#include "herald/bfd/session.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <vector>

namespace herald::bfd::test {

/// Two sessions and what lies between them: packets that take their time, and may be lost. All of
/// it is decided by the seed.
class scripted_link {
public:
    struct side {
        session tested;
        double loss = 0;          // of what it sends
        microseconds delay{1000}; // of what it sends, and so much more by chance
        microseconds variation{0};
        bool keep_order = true;
    };
    struct change {
        std::size_t side = 0;
        action::state_changed what;
        time_point when;
    };

    scripted_link(const std::array<session_settings, 2>& settings, std::uint32_t seed)
        : random_(seed)
        , sides{side{session(settings[0], 1, seed, at)}, side{session(settings[1], 2, ~seed, at)}} {
    }

    void perform(std::size_t from, const session_actions& actions) {
        for (const auto& one : actions)
            if (const auto* const sent = std::get_if<action::send>(&one))
                send(from, sent->packet);
            else
                changes.push_back({from, std::get<action::state_changed>(one), at.now});
    }
    /// Event by event.
    void pass(microseconds time) {
        const auto end = at.now + time;
        for (auto next = next_event(); next <= end; next = next_event()) {
            at.now = std::max(at.now, next);
            if (before_event)
                before_event();
            deliver();
            for (std::size_t i = 0; i < sides.size(); ++i)
                if (sides[i].tested.next_timer().value_or(time_point::max()) <= at.now)
                    perform(i, sides[i].tested.expired(at));
        }
        at.now = end;
    }
    /// Another process goes on with the session: all that it has of this one is the snapshot.
    void hand_over(std::size_t which) {
        auto& tested = sides[which].tested;
        const auto snapshot = tested.snapshot();
        tested = session(tested.settings(), carry ? carry(snapshot) : snapshot);
    }
    bool both(session_state state) const {
        return std::ranges::all_of(sides,
                                   [&](const auto& each) { return each.tested.state() == state; });
    }
    void set_loss(double loss) {
        for (auto& each : sides)
            each.loss = loss;
    }
    /// 0 to 1.
    double chance() { return std::uniform_real_distribution<double>()(random_); }
    /// 0 to `most`.
    std::uint32_t number(std::uint32_t most) {
        return std::uniform_int_distribution<std::uint32_t>(0, most)(random_);
    }

private:
    struct packet {
        std::size_t to = 0;
        time_point arrives;
        std::vector<std::uint8_t> octets;
        friend bool operator==(const packet&, const packet&) = default;
    };

    void send(std::size_t from, const std::vector<std::uint8_t>& octets) {
        auto& sender = sides[from];
        const double by_chance = chance();
        auto arrives = at.now + sender.delay +
                       std::chrono::duration_cast<microseconds>(sender.variation * by_chance);
        if (sender.keep_order)
            arrives = std::max(arrives, last_arrival_[from]);
        last_arrival_[from] = arrives;
        everything.push_back({1 - from, at.now, octets});
        if (chance() >= sender.loss)
            under_way_.push_back({1 - from, arrives, octets});
    }
    void deliver() {
        std::vector<packet> arrived;
        std::erase_if(under_way_, [&](auto& each) {
            const bool now = each.arrives <= at.now;
            if (now)
                arrived.push_back(std::move(each));
            return now;
        });
        for (const auto& each : arrived)
            if (const auto decoded = decode(each.octets))
                perform(each.to, sides[each.to].tested.received(*decoded, at));
    }
    time_point next_event() const {
        auto next = time_point::max();
        for (const auto& each : sides)
            next = std::min(next, each.tested.next_timer().value_or(time_point::max()));
        for (const auto& each : under_way_)
            next = std::min(next, each.arrives);
        return next;
    }

    std::minstd_rand random_;
    std::vector<packet> under_way_;
    std::array<time_point, 2> last_arrival_{};

public:
    moment at{time_point(std::chrono::hours(1)), {}};
    std::array<side, 2> sides;
    std::vector<change> changes;
    std::vector<packet> everything; // that was sent, and when
    std::function<void()> before_event;
    std::function<session_snapshot(const session_snapshot&)> carry; // null: as it is
};

} // namespace herald::bfd::test
