#pragma once

#include "herald/net/address_family.hpp"
#include "herald/net/ip_prefix.hpp"
#include "herald/wire/attributes.hpp"
#include "herald/wire/cursor.hpp"
#include "herald/wire/notification.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <vector>

namespace herald::wire {

/// What both sides agreed on that changes how an UPDATE is read or written.
struct update_format {
    bool four_octet_as = true; // RFC 6793: AS numbers in AS_PATH and AGGREGATOR have four octets
    bool internal = false;     // iBGP: LOCAL_PREF is required, ORIGINATOR_ID, CLUSTER_LIST allowed
    bool extended_next_hop = false; // RFC 8950: IPv4 prefixes may have an IPv6 next hop
    std::size_t max_size = 4096;    // of a sent message; 65535 with RFC 8654
    friend bool operator==(const update_format&, const update_format&) = default;
};

/// What becomes of a malformed UPDATE that does not end the session, RFC 7606 §2.
enum class disposition : std::uint8_t { none, attribute_discard, treat_as_withdraw };

/// One finding on a received UPDATE.
struct malformation {
    std::uint8_t type = 0; // of the attribute; 0: the attribute list or the UPDATE as a whole
    disposition outcome = disposition::none;
    notification error; // what RFC 4271 would have sent for it
    friend bool operator==(const malformation&, const malformation&) = default;
};

/// A received UPDATE that was checked and not yet decoded: its parts, pointing into the message.
/// Checking allocates only where something is malformed.
struct checked_update {
    struct reach {
        std::uint16_t afi = 0;
        std::uint8_t safi = 0;
        octets next_hop;
        octets nlri;
    };
    struct unreach {
        std::uint16_t afi = 0;
        std::uint8_t safi = 0;
        octets withdrawn;
    };

    octets withdrawn; // IPv4 unicast
    octets attributes;
    octets nlri; // IPv4 unicast
    std::optional<reach> mp_reach;
    std::optional<unreach> mp_unreach;
    disposition outcome = disposition::none; // the strongest of what was found
    std::vector<malformation> malformations;

    /// The family whose End-of-RIB this is, RFC 4724 §2, if it is one that herald speaks.
    std::optional<net::address_family> end_of_rib() const;
};

/// Checks an UPDATE's body by RFC 4271 §6.3 as revised by RFC 7606, RFC 4760, RFC 6793. The error
/// is the NOTIFICATION for the few faults that reset a session: lengths that contradict each
/// other or a repeated MP attribute (3/1), NLRI that cannot be parsed (3/10 in the UPDATE's own
/// fields, 3/9 in an MP attribute), an MP attribute too short or with an impossible next-hop length
/// (3/9) or with wrong flags (3/4), and any malformation that calls for treat-as-withdraw where
/// nothing is reachable (RFC 7606 §5.2).
std::expected<checked_update, notification> check_update(octets body, const update_format& format);

/// An UPDATE as a value.
struct update_message {
    std::vector<net::ip_prefix> withdrawn; // of both families
    std::vector<net::ip_prefix> announced; // of both families
    path_attributes attributes;
    friend bool operator==(const update_message&, const update_message&) = default;
};

/// Decodes what check_update passed. Attributes that it discarded are absent; with
/// treat_as_withdraw what was announced stands under `withdrawn`, without attributes; families that
/// herald does not speak are left out. `next_hop` is that of NLRI, or of MP_REACH_NLRI where NLRI
/// is empty. AS4_PATH and AS4_AGGREGATOR are merged, RFC 6793 §4.2.3.
update_message decode_update(const checked_update& checked, const update_format& format);

/// How many of `prefixes` were encoded, and the message.
struct encoded_update {
    std::vector<std::uint8_t> bytes;
    std::size_t count = 0;
};

/// One UPDATE that announces as many of `prefixes` (all of one family, not empty) as fit. IPv4
/// prefixes go into NLRI when the next hop is IPv4, else into MP_REACH_NLRI (RFC 8950). Attributes
/// ascend by type, save that MP_REACH_NLRI comes first (RFC 7606 §5.1). Towards a two-octet peer
/// AS_TRANS stands in and AS4_PATH is added where needed (RFC 6793 §4.2.2).
/// `attributes.next_hop` must be set. `count` is 0, and there is no message, when not even one
/// prefix fits.
encoded_update encode_announcement(const path_attributes& attributes,
                                   std::span<const net::ip_prefix> prefixes,
                                   const update_format& format);

/// One UPDATE that withdraws as many of `prefixes` (all of one family, not empty) as fit. IPv4
/// goes into the withdrawn routes, IPv6 into MP_UNREACH_NLRI.
encoded_update encode_withdrawal(std::span<const net::ip_prefix> prefixes,
                                 const update_format& format);

/// The End-of-RIB marker, RFC 4724 §2.
std::vector<std::uint8_t> encode_end_of_rib(net::address_family family);

} // namespace herald::wire
