#pragma once

#include "herald/net/address_family.hpp"
#include "herald/net/as_number.hpp"
#include "herald/wire/cursor.hpp"
#include "herald/wire/notification.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <variant>
#include <vector>

namespace herald::wire {

/// Roles, RFC 9234 §4.1: what the speaker that sends it is to its peer.
enum class bgp_role : std::uint8_t { provider = 0, rs = 1, rs_client = 2, customer = 3, peer = 4 };

/// Capability codes, RFC 5492 and the registry.
enum class capability_code : std::uint8_t {
    multiprotocol = 1,
    route_refresh = 2,
    extended_next_hop = 5,
    extended_message = 6,
    role = 9,
    graceful_restart = 64,
    four_octet_as = 65,
    enhanced_route_refresh = 70,
    fqdn = 73,
    bfd_strict = 74,
    software_version = 75,
};

struct multiprotocol_capability { // RFC 4760 §8; any family, spoken here or not
    std::uint16_t afi = 0;
    std::uint8_t safi = 0;
    friend bool operator==(const multiprotocol_capability&,
                           const multiprotocol_capability&) = default;
};
struct route_refresh_capability { // RFC 2918
    friend bool operator==(route_refresh_capability, route_refresh_capability) = default;
};
struct extended_next_hop_capability { // RFC 8950 §3
    struct entry {
        std::uint16_t afi = 0;
        std::uint16_t safi = 0;
        std::uint16_t next_hop_afi = 0;
        friend bool operator==(const entry&, const entry&) = default;
    };
    std::vector<entry> entries;
    friend bool operator==(const extended_next_hop_capability&,
                           const extended_next_hop_capability&) = default;
};
struct extended_message_capability { // RFC 8654 §3
    friend bool operator==(extended_message_capability, extended_message_capability) = default;
};
struct role_capability { // RFC 9234 §4.1; any value, known or not
    std::uint8_t role = 0;
    friend bool operator==(const role_capability&, const role_capability&) = default;
};
struct graceful_restart_capability { // RFC 4724 §3, RFC 8538 §2
    struct entry {
        std::uint16_t afi = 0;
        std::uint8_t safi = 0;
        bool forwarding = false; // F: forwarding state was preserved
        friend bool operator==(const entry&, const entry&) = default;
    };
    bool restarted = false;         // R
    bool notification = false;      // N
    std::uint16_t restart_time = 0; // seconds, 12 bits
    std::vector<entry> entries;
    friend bool operator==(const graceful_restart_capability&,
                           const graceful_restart_capability&) = default;
};
struct four_octet_as_capability { // RFC 6793 §3
    net::as_number as = 0;
    friend bool operator==(const four_octet_as_capability&,
                           const four_octet_as_capability&) = default;
};
struct enhanced_route_refresh_capability { // RFC 7313 §3.1
    friend bool operator==(enhanced_route_refresh_capability,
                           enhanced_route_refresh_capability) = default;
};
struct bfd_strict_capability { // draft-ietf-idr-bgp-bfd-strict-mode
    friend bool operator==(bfd_strict_capability, bfd_strict_capability) = default;
};
/// A capability that herald does not know, or whose value is not as its RFC has it (which makes it
/// as good as unknown): kept as it came, RFC 5492 §4.
struct unknown_capability {
    std::uint8_t code = 0;
    std::vector<std::uint8_t> value;
    friend bool operator==(const unknown_capability&, const unknown_capability&) = default;
};

using capability =
    std::variant<multiprotocol_capability, route_refresh_capability, extended_next_hop_capability,
                 extended_message_capability, role_capability, graceful_restart_capability,
                 four_octet_as_capability, enhanced_route_refresh_capability, bfd_strict_capability,
                 unknown_capability>;

/// An OPEN, RFC 4271 §4.2. `my_as` is the two-octet field as it stands.
struct open_message {
    std::uint16_t my_as = 0;
    std::uint16_t hold_time = 0; // seconds
    std::uint32_t identifier = 0;
    std::vector<capability> capabilities;

    friend bool operator==(const open_message&, const open_message&) = default;

    /// The sender's AS: that of capability 65 where there is one, else `my_as`.
    net::as_number as() const;
};

/// Decodes an OPEN's body. Judges what can be judged without knowing the session: length (1/2 when
/// under 29 in all), version (2/1 with 4 as data), hold time 1 and 2 (2/6), identifier 0 (2/3),
/// AS 0 in either place (2/2, RFC 7607), a parameter that is not capabilities (2/4), lengths that
/// run past the end (2/0). Both forms of parameters are read, RFC 9072.
std::expected<open_message, notification> decode_open(octets body);

/// The whole message. All capabilities stand in one parameter; the extended form of RFC 9072 is
/// used only where they do not fit into 255 octets. A capability's value has at most 255 octets.
std::vector<std::uint8_t> encode(const open_message& message);

} // namespace herald::wire
