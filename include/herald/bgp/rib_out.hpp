#pragma once

#include "herald/bgp/export_group.hpp"
#include "herald/bgp/family_feed.hpp"
#include "herald/net/address_family.hpp"
#include "herald/net/ip_prefix.hpp"
#include "herald/wire/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace herald::bgp {

/// The Adj-RIB-Out of one neighbor, RFC 4271 §3.2: where it stands in the export_group of each
/// family, and what is to be written next. What it has is computed from these.
class rib_out {
public:
    using route = advertised_route;

    /// A session with these families began: the neighbor has nothing, and hears no group yet.
    void session_up(net::family_set families);
    /// The session ended. No group is heard any more.
    void session_down();
    /// The session goes on where another rib_out left it, between two messages. After session_up(),
    /// before join().
    void resume(net::address_family family, const feed_snapshot& left,
                const wire::update_format& format);
    /// As it is once the message that was begun is complete.
    feed_snapshot snapshot(net::address_family family) const { return feed(family).snapshot(); }

    /// The neighbor is to hear this group (never null), whose format is that of the session;
    /// instead of another one, if it heard one. Without a session of this family it does nothing.
    void join(net::address_family family, std::shared_ptr<export_group> group);
    /// The neighbor is to hear nothing of this family; what it has is withdrawn.
    void leave(net::address_family family);

    /// End-of-RIB of every family is to follow what is due now, RFC 4724 §2. Once per session.
    void owe_end_of_rib();
    bool is_end_of_rib_sent(net::address_family family) const;
    /// Everything the neighbor has of a family is due again, RFC 2918; with `enhanced` between BoRR
    /// and EoRR, though never before the family's End-of-RIB was sent, RFC 7313 §4. Requests that
    /// arrive before the answer began are answered once, those during an answer after it. Also used
    /// for an operator's refresh.
    void resend(net::address_family family, bool enhanced);

    /// Whether something is due. It may turn out that there is no message for it: if it is too
    /// large, or was taken back meanwhile.
    bool has_message() const;
    /// Appends what is to be written next: the rest of the message that was begun, then whole
    /// messages until there are `limit` octets. Withdrawals of all families come first, then BoRR
    /// and announcements, then End-of-RIB and EoRR. The octets stay until the session ends or
    /// wrote() is called. That nothing is appended does not mean that has_message() was false.
    void gather(std::vector<wire::octets>& into, std::size_t limit);
    /// Messages that were completed.
    struct completed {
        std::size_t updates = 0;
        std::size_t refreshes = 0; // ROUTE-REFRESH: BoRR and EoRR
    };
    /// So many of the octets of the last gather() were written. Once for each.
    completed wrote(std::size_t count);
    /// How many octets are left of the message that was begun; 0 between two messages.
    std::size_t rest_of_message() const { return rest().size(); }
    wire::octets rest() const;
    /// What is completed once the rest is written.
    completed completed_by_rest() const;
    /// The next message, which is written by that. Between two messages.
    std::optional<std::vector<std::uint8_t>> next_message();

    /// What the neighbor was sent and not told to forget, in order of prefix.
    std::vector<route> advertised() const;
    /// The attributes under which `prefix` is advertised; null when it is not.
    shared_attributes advertised(const net::ip_prefix& prefix) const;
    std::size_t advertised_count(net::address_family family) const;
    /// Where the neighbor stands in its group, or still in the one before.
    const export_place& place(net::address_family family) const { return feed(family).place(); }
    /// The prefixes whose attributes leave no room in a message for even one, in order; they are
    /// not advertised until they are wanted with others, RFC 4271 §9.2.
    std::vector<net::ip_prefix> unsendable() const;

private:
    enum class content : std::uint8_t { routes, begin_of_refresh, end_of_rib, end_of_refresh };
    struct piece {
        net::address_family family;
        content what;
        wire::octets octets;
        bool begun = false; // a marker, some of which was written before
    };

    family_feed& feed(net::address_family family);
    const family_feed& feed(net::address_family family) const;
    void plan(std::size_t limit);
    void plan_begun_message();
    void plan_routes(std::size_t limit);
    void plan_ends(std::size_t limit);
    void add(net::address_family family, content what, wire::octets octets);
    void wrote_marker(piece marker, std::size_t count, completed& done);

    family_feed ipv4_{net::address_family::ipv4};
    family_feed ipv6_{net::address_family::ipv6};
    std::vector<piece> plan_; // of the last gather()
    std::size_t planned_ = 0; // octets in it
    std::optional<piece> begun_marker_;
};

} // namespace herald::bgp
