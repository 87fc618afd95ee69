#pragma once

#include "herald/net/as_number.hpp"
#include "herald/net/community.hpp"
#include "herald/wire/open.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace herald::bgp {

struct community_lists {
    std::vector<net::community> standard;
    std::vector<net::large_community> large;
    std::vector<net::extended_community> extended;
    friend bool operator==(const community_lists&, const community_lists&) = default;
};

/// What changes for a neighbor while a service is in a state: values replace the neighbor's own,
/// communities are added to them.
struct state_policy {
    std::optional<std::uint8_t> prepend; // replaces
    std::uint8_t extra_prepend = 0;      // where `prepend` is absent: added to the neighbor's own
    std::optional<std::uint32_t> med;
    std::optional<std::uint32_t> local_pref;
    community_lists communities;
    bool withdraw = false;
    friend bool operator==(const state_policy&, const state_policy&) = default;
};

/// Built in: degraded prepends 3 more, down and held 6 more, draining adds GRACEFUL_SHUTDOWN (RFC
/// 8326 §4) and on iBGP sets LOCAL_PREF 0.
state_policy built_in_degraded();
state_policy built_in_draining();
state_policy built_in_down();

/// How routes go to one neighbor.
struct export_settings {
    net::as_number local_as = 0;
    bool internal = false; // iBGP
    std::optional<wire::bgp_role> role;
    std::uint8_t prepend = 0;
    std::optional<std::uint32_t> med;
    std::uint32_t local_pref = 100;
    community_lists communities;
    state_policy degraded = built_in_degraded();
    state_policy draining = built_in_draining();
    state_policy down = built_in_down();
    state_policy held = built_in_down();
    friend bool operator==(const export_settings&, const export_settings&) = default;
};

/// What a service adds, for every neighbor.
struct service_export {
    community_lists communities;
    std::optional<std::uint32_t> med; // replaces the neighbor's
    friend bool operator==(const service_export&, const service_export&) = default;
};

} // namespace herald::bgp
