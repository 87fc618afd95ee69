#pragma once

#include "herald/bgp/export_settings.hpp"
#include "herald/net/announcement.hpp"
#include "herald/wire/attributes.hpp"

#include <cstdint>
#include <expected>

namespace herald::bgp {

using net::announcement;

/// Why a route is not announced to a neighbor.
enum class suppression : std::uint8_t {
    not_announced,       // the service's state calls for nothing
    withdrawn_by_policy, // when.… = { withdraw = true }
};

/// The attributes of a service's route as this neighbor is to hear it, without next hop (which
/// depends on family and session). ORIGIN IGP; eBGP: AS_PATH of `local_as` × (1 + prepend), no
/// LOCAL_PREF; iBGP: empty AS_PATH and LOCAL_PREF. A state's MED wins over the service's, and that
/// over the neighbor's. Community lists are sorted and unique. OTC with our AS towards a customer,
/// peer or route-server client (eBGP only), RFC 9234 §5.
std::expected<wire::path_attributes, suppression>
export_route(const export_settings& neighbor, const service_export& service, announcement state);

} // namespace herald::bgp
