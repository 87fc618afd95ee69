#pragma once

#include "herald/bgp/moment.hpp"
#include "herald/net/address_family.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace herald::bgp {

/// How often a peer's requests for routes are answered. RFC 2918 sets no limit, but a message of 23
/// octets must not buy a whole family for ever: a token bucket of a session, with enough in it for
/// whoever has a reason.
class refresh_limit {
public:
    static constexpr int burst = 1000;
    static constexpr std::chrono::milliseconds pause{100}; // for one more

    refresh_limit() = default;
    refresh_limit(net::family_set asked, time_point spent_until) : spent_until_(spent_until) {
        for (const auto family : net::all_families)
            asked_[index(family)] = asked.contains(family);
    }

    /// What was asked for that take_due() did not give.
    net::family_set asked() const {
        net::family_set families;
        for (const auto family : net::all_families)
            if (asked_[index(family)])
                families.insert(family);
        return families;
    }
    /// The time up to which answers are spent.
    time_point spent_until() const { return spent_until_; }

    void ask(net::address_family family) { asked_[index(family)] = true; }

    /// The families that are to be sent again now.
    std::vector<net::address_family> take_due(time_point now) {
        std::vector<net::address_family> due;
        for (const auto family : net::all_families)
            if (asked_[index(family)] && spend(now)) {
                asked_[index(family)] = false;
                due.push_back(family);
            }
        return due;
    }
    /// When the next answer is due; none: nothing was asked for that take_due() did not give.
    std::optional<time_point> next_due() const {
        if (std::ranges::find(asked_, true) == asked_.end())
            return std::nullopt;
        return spent_until_ - (burst - 1) * pause;
    }

private:
    static std::size_t index(net::address_family family) {
        return static_cast<std::size_t>(family);
    }
    /// Each answer moves this `pause` ahead; it may be `burst` of them ahead of the time.
    bool spend(time_point now) {
        if (spent_until_ > now + (burst - 1) * pause)
            return false;
        spent_until_ = std::max(spent_until_, now) + pause;
        return true;
    }

    std::array<bool, net::all_families.size()> asked_{};
    time_point spent_until_{};
};

} // namespace herald::bgp
