#pragma once

#include "herald/wire/cursor.hpp"
#include "herald/wire/notification.hpp"

#include <cstdint>
#include <expected>
#include <vector>

namespace herald::wire {

/// The short messages: KEEPALIVE, NOTIFICATION, ROUTE-REFRESH. Each decoder takes a body.

/// RFC 4271 §4.4: no body; otherwise 1/2 with the length as data.
std::expected<void, notification> decode_keepalive(octets body);
std::vector<std::uint8_t> encode_keepalive();

/// RFC 4271 §4.5: at least code and subcode; otherwise 1/2. Unknown codes are kept as they are.
std::expected<notification, notification> decode_notification(octets body);
/// Data beyond the 4096 octets of a message is cut off.
std::vector<std::uint8_t> encode(const notification& message);

/// RFC 7313 §3.2; values beyond these are kept as they are.
enum class refresh_subtype : std::uint8_t { request = 0, begin = 1, end = 2 };

struct route_refresh {
    std::uint16_t afi = 0;
    refresh_subtype subtype = refresh_subtype::request;
    std::uint8_t safi = 0;
    friend bool operator==(const route_refresh&, const route_refresh&) = default;
};

/// RFC 2918 §3, RFC 7313 §5: a length under 23 in all is 1/2; with BoRR or EoRR as the subtype any
/// length but 23 is 7/1 with the whole message as data; a longer request (it may carry filters,
/// RFC 5291) is read up to its fourth octet.
std::expected<route_refresh, notification> decode_route_refresh(octets body);
std::vector<std::uint8_t> encode(const route_refresh& message);

} // namespace herald::wire
