#pragma once

#include "herald/net/address_family.hpp"
#include "herald/net/as_number.hpp"
#include "herald/wire/open.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace herald::bgp {

/// What one session's protocol logic needs to know of its configuration.
struct session_settings {
    net::as_number local_as = 0;
    std::optional<net::as_number> remote_as = 0; // none: any but ours, "external"
    std::uint32_t router_id = 0;
    std::chrono::seconds hold_time{30}; // 0 or 3..65535
    std::chrono::milliseconds connect_retry{5000};
    net::family_set families;
    bool extended_next_hop = false;           // RFC 8950
    std::optional<wire::bgp_role> role;       // RFC 9234
    std::chrono::seconds graceful_restart{0}; // RFC 4724; 0: not offered
    bool bfd_strict = false;                  // no session before BFD is Up

    bool internal() const { return remote_as == local_as; }

    friend bool operator==(const session_settings&, const session_settings&) = default;
};

} // namespace herald::bgp
