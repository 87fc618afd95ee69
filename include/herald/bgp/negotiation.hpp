#pragma once

#include "herald/bgp/session_settings.hpp"
#include "herald/wire/notification.hpp"
#include "herald/wire/open.hpp"
#include "herald/wire/update.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>

namespace herald::bgp {

/// What two OPENs agreed on.
struct negotiated_session {
    net::as_number peer_as = 0;
    std::uint32_t peer_identifier = 0;
    std::chrono::seconds hold_time{0};      // the lower of both offers; 0: no hold timer
    std::chrono::milliseconds keepalive{0}; // a third of it, at least 1 s; 0: none are sent
    net::family_set families;
    wire::update_format format;
    bool extended_message = false;       // RFC 8654: both sides
    bool route_refresh = false;          // RFC 2918: both sides
    bool enhanced_route_refresh = false; // RFC 7313: both sides
    bool graceful_restart = false;       // RFC 4724: both sides
    bool graceful_notification = false;  // RFC 8538: both sides set N
    std::optional<wire::graceful_restart_capability> peer_graceful_restart;
    std::optional<std::uint8_t> peer_role;

    /// Whether the peer's graceful-restart capability lists a family, RFC 4724 §4.2.
    bool peer_may_restart() const {
        return peer_graceful_restart && !peer_graceful_restart->entries.empty();
    }

    friend bool operator==(const negotiated_session&, const negotiated_session&) = default;
};

/// The OPEN that these settings call for. Capabilities: a multiprotocol one per family, route
/// refresh, enhanced route refresh, extended message, four-octet AS, and where configured extended
/// next hop, role and graceful restart, with N of RFC 8538. `restarted` sets R and F, RFC 4724
/// §4.1.
wire::open_message make_open(const session_settings& settings, bool restarted = false);

/// Judges the peer's OPEN and finds what both sides can do. Errors: AS other than configured, or
/// where any but ours will do, ours or a reserved one (2/2), identifier equal to ours on iBGP (2/3,
/// RFC 6286), role mismatch (2/11, RFC 9234 §4.2), no family in common (2/7 with the capabilities
/// that were missing as data).
std::expected<negotiated_session, wire::notification> negotiate(const session_settings& settings,
                                                                const wire::open_message& peer);

} // namespace herald::bgp
