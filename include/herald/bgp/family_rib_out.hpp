#pragma once

#include "herald/bgp/shared_attributes.hpp"
#include "herald/net/address_family.hpp"
#include "herald/net/ip_prefix.hpp"
#include "herald/wire/update.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace herald::bgp {

/// The Adj-RIB-Out of one neighbor and one family; adj_rib_out puts two together and says what its
/// operations mean. Every prefix for which something is due stands in one batch: that of the
/// withdrawals, or that of the announcements with equal attributes. Changes cost O(log prefixes).
class family_rib_out {
public:
    using message = std::vector<std::uint8_t>;

    explicit family_rib_out(net::address_family family) : family_(family) {}
    family_rib_out(const family_rib_out&) = delete;
    family_rib_out& operator=(const family_rib_out&) = delete;

    void want(const net::ip_prefix& prefix, shared_attributes attributes);
    void unwant(const net::ip_prefix& prefix);

    void session_up(const wire::update_format& format);
    void session_down();
    void owe_end_of_rib();
    void resend(bool enhanced);

    bool has_message() const;
    /// The next message of each kind, none where none is due. A later kind is to be asked for only
    /// once the earlier ones have none: End-of-RIB and EoRR, the last, follow all routes.
    std::optional<message> next_withdrawal();
    std::optional<message> next_begin_of_refresh();
    std::optional<message> next_announcement();
    std::optional<message> next_end();

    void append_advertised(std::vector<advertised_route>& routes) const;
    void append_unsendable(std::vector<net::ip_prefix>& prefixes) const;
    shared_attributes advertised(const net::ip_prefix& prefix) const;
    std::size_t advertised_count() const { return advertised_count_; }

private:
    struct entry;
    using node = std::pair<const net::ip_prefix, entry>;
    struct batch {
        shared_attributes attributes; // null: these are withdrawals
        std::list<node*> due;
    };
    struct entry {
        shared_attributes wanted;
        shared_attributes advertised;
        bool repeat = false;     // advertised, and asked for again
        bool unsendable = false; // `wanted` does not fit into a message
        batch* due_in = nullptr;
        std::list<node*>::iterator place; // in due_in
    };
    enum class marker : std::uint8_t { none, owed, sent };

    bool refresh_due() const;
    void repeat_all();
    void reschedule(node& changed);
    batch* batch_for(const entry& changed);
    batch& announcements_of(const shared_attributes& attributes);
    void leave_batch(entry& changed);
    void mark_withdrawn(node& sent);
    void mark_advertised(node& sent, const shared_attributes& attributes);
    std::vector<net::ip_prefix> front_of(const batch& source) const;

    net::address_family family_;
    std::optional<wire::update_format> format_; // while the session has this family
    std::map<net::ip_prefix, entry> entries_;
    batch withdrawals_;
    std::list<batch> announcements_; // none empty; the longest due first
    std::unordered_map<const wire::path_attributes*, std::list<batch>::iterator, attributes_hash,
                       attributes_equal>
        announcements_by_value_;
    std::size_t advertised_count_ = 0;
    marker end_of_rib_ = marker::none;
    bool repeat_asked_ = false;  // as RFC 2918 has it
    bool refresh_asked_ = false; // as RFC 7313 has it
    bool refreshing_ = false;    // between BoRR and EoRR
};

} // namespace herald::bgp
