#pragma once

#include "herald/bgp/export_difference.hpp"
#include "herald/wire/update.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

namespace herald::bgp {

/// Makes messages of changes: those with equal attributes share them, as many as fit.
class message_packer {
public:
    /// A neighbor has `routes` routes, and these changes (in order of prefix) may be due.
    message_packer(const wire::update_format& format, export_changes candidates,
                   std::size_t routes);

    const export_changes& candidates() const { return candidates_; }
    /// What the candidate is to have (null: nothing); once for each.
    void want(std::size_t candidate, const shared_attributes& attributes);

    /// Encodes until there are about `limit` octets, at least one message; the others are the rest.
    encoded_changes pack(std::size_t limit);
    /// Prefixes of which pack() found that a message has no room for even one of them beside its
    /// attributes. They are not announced, and withdrawn if the neighbor has them, RFC 4271 §9.2.
    const std::vector<net::ip_prefix>& too_large() const { return too_large_; }

private:
    /// Candidates that can share messages.
    struct batch {
        shared_attributes attributes; // null: these are withdrawn
        std::vector<std::uint32_t> due{};
        std::size_t done = 0;
    };

    batch& announcements_of(const shared_attributes& attributes);
    void encode(batch& source, std::size_t limit);
    void put_message(batch& source, const wire::encoded_update& message);
    void refuse_largest(batch& source);
    std::vector<net::ip_prefix> front_of(const batch& source) const;
    void keep_rest();

    const wire::update_format& format_;
    export_changes candidates_;
    std::vector<bool> settled_; // by candidate: it is in a message, or not due
    batch withdrawals_{nullptr};
    std::deque<batch> announcements_;
    batch late_withdrawals_{nullptr}; // of what was found to be too large
    std::unordered_map<const wire::path_attributes*, batch*, attributes_hash, attributes_equal>
        announcements_by_value_;
    std::vector<net::ip_prefix> too_large_;
    encoded_changes made_;
};

} // namespace herald::bgp
