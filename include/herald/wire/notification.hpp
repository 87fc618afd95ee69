#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace herald::wire {

/// Error codes of a NOTIFICATION, RFC 4271 §4.5, RFC 7313, RFC 9687.
enum class error_code : std::uint8_t {
    message_header = 1,
    open_message = 2,
    update_message = 3,
    hold_timer_expired = 4,
    fsm = 5,
    cease = 6,
    route_refresh = 7,
    send_hold_timer_expired = 8,
};

namespace header_error { // RFC 4271 §6.1
inline constexpr std::uint8_t not_synchronized = 1, bad_length = 2, bad_type = 3;
}
namespace open_error { // RFC 4271 §6.2, RFC 5492, RFC 9234
inline constexpr std::uint8_t unspecific = 0, unsupported_version = 1, bad_peer_as = 2,
                              bad_identifier = 3, unsupported_parameter = 4,
                              unacceptable_hold_time = 6, unsupported_capability = 7,
                              role_mismatch = 11;
}
namespace update_error { // RFC 4271 §6.3
inline constexpr std::uint8_t attribute_list = 1, unknown_well_known = 2, missing_well_known = 3,
                              attribute_flags = 4, attribute_length = 5, invalid_origin = 6,
                              invalid_next_hop = 8, optional_attribute = 9, network_field = 10,
                              as_path = 11;
}
namespace fsm_error { // RFC 6608
inline constexpr std::uint8_t unspecific = 0, in_open_sent = 1, in_open_confirm = 2,
                              in_established = 3;
}
namespace cease_code { // RFC 4486, RFC 8538, RFC 9384
inline constexpr std::uint8_t max_prefixes = 1, administrative_shutdown = 2, deconfigured = 3,
                              administrative_reset = 4, rejected = 5, configuration_change = 6,
                              collision = 7, out_of_resources = 8, hard_reset = 9, bfd_down = 10;
}
namespace route_refresh_error { // RFC 7313 §5
inline constexpr std::uint8_t bad_length = 1;
}

/// A NOTIFICATION, and thereby the error type of every decoder: it owns its data.
struct notification {
    error_code code = error_code::cease;
    std::uint8_t subcode = 0;
    std::vector<std::uint8_t> data;

    friend bool operator==(const notification&, const notification&) = default;
};

/// A Cease 6/`subcode` with a shutdown text, RFC 9003: UTF-8, cut to 128 octets at a character's
/// border; without text the data stays empty.
notification make_cease(std::uint8_t subcode, std::string_view text = {});

/// 1/2 with the length as data, RFC 4271 §6.1.
notification bad_message_length(std::size_t length);

/// RFC 8538 §3.1: `inner` inside a Cease / Hard Reset, by which a session with the notification
/// extension ends without a graceful restart.
notification make_hard_reset(const notification& inner);

/// What a Hard Reset carries (RFC 8538 §3.1); any other NOTIFICATION as it is, and so is a Hard
/// Reset too short to carry one.
notification inside_hard_reset(const notification& value);

/// The shutdown text of a 6/2 or 6/4, up to 255 octets, control characters and broken UTF-8 made
/// harmless; empty when there is none or its length octet is wrong, RFC 9003 §2. Inside a Hard
/// Reset too, RFC 8538 §3.1.
std::string shutdown_text(const notification& received);

/// "Cease / Administrative Shutdown"; an unknown code or subcode shows as its number, and a Hard
/// Reset with what it carries.
std::string describe(const notification& value);

} // namespace herald::wire
