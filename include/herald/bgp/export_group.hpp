#pragma once

#include "herald/bgp/change_history.hpp"
#include "herald/bgp/export_difference.hpp"
#include "herald/bgp/shared_attributes.hpp"
#include "herald/net/address_family.hpp"
#include "herald/net/ip_prefix.hpp"
#include "herald/wire/update.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace herald::bgp {

/// What many neighbors hear of one family in one format: a table of routes, and the messages that
/// lead each neighbor to it from where it stands. Neighbors that have the same share these
/// messages, so a change is encoded once for all that are up to date; one that is slow has a
/// difference of its own, in which changes coalesce. Nothing is sent that the neighbor already has.
class export_group {
public:
    /// About `octets_at_once` are encoded at once. It bounds the time that one call takes, and what
    /// is thrown away when the table changes meanwhile.
    export_group(net::address_family family, const wire::update_format& format,
                 std::size_t octets_at_once = std::size_t{32} * 1024);

    net::address_family family() const { return family_; }
    const wire::update_format& format() const { return format_; }

    /// From now on `prefix` is to be advertised with these attributes, complete with next hop.
    void want(const net::ip_prefix& prefix, shared_attributes attributes);
    /// From now on `prefix` is not to be advertised.
    void unwant(const net::ip_prefix& prefix);

    /// Where a neighbor stands that has nothing.
    export_place at_start();
    /// Where a neighbor stands that has all.
    export_place at_end();
    /// The same, with what is due again, in order of prefix.
    export_place at_end(export_changes due_again) const;
    /// Where a neighbor stands that comes from that place in another group, between two messages.
    export_place coming_from(const export_group& other, const export_place& at);

    /// Between two messages: goes on with what leads to the table as it is now. The place is then
    /// at its end only if nothing is due.
    void catch_up(export_place& at);
    /// Between two messages: what the neighbor has is due again.
    void repeat_all(export_place& at);
    /// Whether the messages from this place on are not what is to be sent after this one.
    bool is_outdated(const export_place& at) const;
    /// Whether something is due, as far as can be told without catching up.
    bool is_due(const export_place& at) const;

    /// How many routes are advertised to a neighbor that has all.
    std::size_t size() const { return size_; }
    void append_advertised(const export_place& at, std::vector<advertised_route>& routes) const;
    /// What the neighbor has of every prefix that it or the table has, in order of prefix.
    export_changes state(const export_place& at) const;
    /// What the neighbor has; those that stand at the same place share it.
    sent_routes sent(const export_place& at) const;
    shared_attributes advertised(const export_place& at, const net::ip_prefix& prefix) const;
    /// The prefixes whose attributes were found to leave no room in a message for even one; they
    /// are not advertised until they are wanted with others, RFC 4271 §9.2.
    void append_unsendable(std::vector<net::ip_prefix>& prefixes) const;

    /// An empty group, the same for all who leave this one.
    std::shared_ptr<export_group> nothing();

private:
    struct entry {
        shared_attributes wanted;
        bool unsendable = false;

        const shared_attributes& sendable() const;
    };
    using table = std::map<net::ip_prefix, entry>;
    /// A place in another group from which neighbors came.
    struct arrival {
        std::weak_ptr<export_difference> from;
        std::size_t message = 0;
        std::shared_ptr<export_difference> to;
    };

    /// What a neighbor has of the table.
    enum class having : std::uint8_t { nothing, all, all_to_repeat };

    const shared_attributes& sendable(const net::ip_prefix& prefix) const;
    void changed(const net::ip_prefix& prefix, const shared_attributes& before,
                 const shared_attributes& after);
    void forget_successors();
    bool is_outdated(export_difference& difference) const;
    export_place follow(const export_place& at, bool repeat);
    export_changes unheard(const export_place& at) const;
    export_changes with_table(export_changes changes, having what) const;
    std::shared_ptr<export_difference> encode(export_changes candidates, std::size_t routes);

    net::address_family family_;
    wire::update_format format_;
    std::size_t octets_at_once_;
    table table_;
    std::size_t size_ = 0;
    std::uint64_t version_ = 0; // counts the changes of what is sendable
    std::shared_ptr<change_history> history_ = std::make_shared<change_history>();
    std::weak_ptr<export_difference> end_; // an empty one, as of the latest version that had one
    // Known only as long as the table stays as it is:
    std::shared_ptr<export_difference> start_;
    std::vector<arrival> arrivals_;
    std::vector<std::weak_ptr<export_difference>> followed_; // have successors
    std::weak_ptr<export_group> nothing_;
};

} // namespace herald::bgp
