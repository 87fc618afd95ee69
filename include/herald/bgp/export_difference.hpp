#pragma once

#include "herald/bgp/change_history.hpp"
#include "herald/bgp/sent_routes.hpp"
#include "herald/bgp/shared_attributes.hpp"
#include "herald/net/ip_prefix.hpp"
#include "herald/wire/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace herald::bgp {

/// A prefix of which a neighbor may be owed something.
struct export_change {
    shared_attributes before; // what the neighbor has; null: nothing
    net::ip_prefix prefix;
    bool repeat = false; // it asked for it again
};

/// Several, most often in order of prefix and each prefix once.
using export_changes = std::vector<export_change>;

/// Encoded messages that lead a neighbor from one state of a table towards another: first those
/// that withdraw, then announcements packed by equal attributes. It never changes and is shared by
/// all neighbors that are on their way through it.
struct encoded_changes {
    struct message {
        std::uint32_t end = 0;         // where it ends in `octets`
        std::uint32_t changes_end = 0; // where its changes end in `changes`
        std::size_t routes = 0;        // how many a neighbor has that has read it
    };

    std::vector<std::uint8_t> octets;
    std::vector<message> messages;
    std::size_t withdrawals = 0; // the first so many messages only withdraw
    std::size_t routes = 0;      // how many a neighbor has before the first message
    export_changes changes;      // that are in the messages
    export_changes rest;         // that had no room, in order of prefix
};

/// The same as a part of an export_group's work. Whoever has read all of it has what the table had
/// at `encoded_at`, save what `rest` says.
struct export_difference : encoded_changes {
    /// What was found to follow it, as long as the table stays as it is.
    struct successor {
        std::size_t message = 0; // before which the neighbor stood
        bool repeat = false;     // it asked for all again
        std::shared_ptr<export_difference> difference;
    };

    export_difference(encoded_changes encoded, change_history::moment now, std::uint64_t as_of)
        : encoded_changes(std::move(encoded))
        , encoded_at(std::move(now))
        , version(as_of)
        , compared_with(as_of) {}

    change_history::moment encoded_at;
    std::uint64_t version;       // of the table
    std::uint64_t compared_with; // the version of the table for which `outdated` was found out
    bool outdated = false;       // the table has something else than at `encoded_at`
    std::vector<successor> successors;

    /// What somebody who stood before this message had, as long as anybody holds it.
    struct written {
        std::size_t message = 0;
        sent_routes::weak routes;
    };
    std::vector<written> written_down;
};

/// Where a neighbor stands: it was sent the first octets of a difference. What it has are the
/// messages that it was sent whole.
class export_place {
public:
    export_place() = default; // it has nothing, and no group
    explicit export_place(std::shared_ptr<export_difference> difference);

    explicit operator bool() const { return difference_ != nullptr; }
    const std::shared_ptr<export_difference>& difference() const { return difference_; }
    /// The message that is to be written next, or is being written.
    std::size_t message() const { return message_; }
    std::size_t offset() const { return offset_; }
    bool at_end() const;

    /// How many octets are left of the message that is being written; 0 between messages.
    std::size_t rest_of_message() const;
    /// Where the messages end that only withdraw; where all end.
    std::size_t end_of_withdrawals() const;
    std::size_t end() const;
    /// Where the message ends that has the octet before `offset`.
    std::size_t end_of_message(std::size_t offset) const;
    wire::octets octets(std::size_t begin, std::size_t end) const;

    /// So many octets more were written. Returns how many messages were completed by them.
    std::size_t wrote(std::size_t count);
    /// How many routes the neighbor has.
    std::size_t routes() const;
    /// The changes that the neighbor has not heard, in the order of the messages.
    std::span<const export_change> unheard() const;

private:
    std::shared_ptr<export_difference> difference_;
    std::size_t message_ = 0;
    std::size_t offset_ = 0;
};

} // namespace herald::bgp
