#pragma once

#include "herald/bgp/shared_attributes.hpp"
#include "herald/net/ip_prefix.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <ranges>

namespace herald::bgp {

/// What a table of routes held at moments in the past. Only the changes since the oldest moment
/// that somebody holds are kept, and of several changes between two such moments only the first. A
/// change costs the same however many moments are held.
class change_history : public std::enable_shared_from_this<change_history> {
    struct segment; // from one held moment to the next, or to now

public:
    /// Prefixes that changed, and the attributes that each had before; null: it was not there.
    using changed = std::map<net::ip_prefix, shared_attributes>;

    /// A moment is held as long as this lives.
    class moment {
    public:
        moment() = default;
        moment(std::shared_ptr<change_history> history, std::list<segment>::iterator begin);
        moment(moment&& other) noexcept = default;
        moment& operator=(moment&& other) noexcept;
        ~moment();

        /// What changed since: several maps, the oldest first. If a prefix is in several of them,
        /// what it had at this moment is in the first.
        auto changes() const {
            return std::ranges::subrange(begin_, history_->segments_.end()) |
                   std::views::transform(&segment::before);
        }

    private:
        void release();

        std::shared_ptr<change_history> history_;
        std::list<segment>::iterator begin_;
    };

    moment now();
    /// A prefix had `before`, and now has other attributes.
    void note(const net::ip_prefix& prefix, const shared_attributes& before,
              const shared_attributes& after);

private:
    struct segment {
        changed before;
        std::size_t holders = 0; // of the moment at which it begins; never 0 for long
    };

    std::list<segment> segments_;
};

} // namespace herald::bgp
