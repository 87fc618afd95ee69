#pragma once

#include "herald/bgp/family_rib_out.hpp"
#include "herald/net/address_family.hpp"
#include "herald/net/ip_prefix.hpp"
#include "herald/wire/update.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace herald::bgp {

/// Adj-RIB-Out of one neighbor, RFC 4271 §3.2, as a difference: what is wanted, what was
/// advertised, and the messages that lead from one to the other. Messages are pulled one at a time
/// when the neighbor can take one, so that changes coalesce meanwhile and memory is bounded by the
/// number of prefixes. Nothing is sent that the neighbor already has.
class adj_rib_out {
public:
    using route = advertised_route;

    /// From now on `prefix` is to be advertised with these attributes (never null).
    void want(const net::ip_prefix& prefix, shared_attributes attributes);
    /// From now on `prefix` is not to be advertised.
    void unwant(const net::ip_prefix& prefix);

    /// A session began: nothing was advertised, everything wanted in these families is due.
    void session_up(net::family_set families, const wire::update_format& format);
    /// The session ended: nothing is advertised, nothing is due.
    void session_down();

    /// End-of-RIB of every family is to follow what is due now, RFC 4724 §2. Once per session.
    void owe_end_of_rib();
    /// Everything wanted in a family is due again, RFC 2918; with `enhanced` between BoRR and EoRR,
    /// though never before the family's End-of-RIB was sent, RFC 7313 §4. Requests that arrive
    /// before the answer began are answered once. Also used for an operator's refresh.
    void resend(net::address_family family, bool enhanced);

    /// Whether something is due. next_message() then yields a message, unless all that is due
    /// turns out to be unsendable.
    bool has_message() const;
    /// The next message that brings the neighbor closer: withdrawals first, then announcements
    /// packed by equal attributes, then End-of-RIB and EoRR; BoRR goes before the announcements.
    std::optional<std::vector<std::uint8_t>> next_message();

    /// What the neighbor was sent and not told to forget, in order of prefix.
    std::vector<route> advertised() const;
    /// The attributes under which `prefix` is advertised; null when it is not.
    shared_attributes advertised(const net::ip_prefix& prefix) const;
    std::size_t advertised_count(net::address_family family) const;
    /// The prefixes whose attributes leave no room in a message for even one, in order; they are
    /// not advertised until they are wanted with others, RFC 4271 §9.2.
    std::vector<net::ip_prefix> unsendable() const;

private:
    family_rib_out& rib(net::address_family family);
    const family_rib_out& rib(net::address_family family) const;

    family_rib_out ipv4_{net::address_family::ipv4};
    family_rib_out ipv6_{net::address_family::ipv6};
};

} // namespace herald::bgp
