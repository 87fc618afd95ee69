#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace herald::bfd {

/// RFC 5880 §4.1, as on the wire.
enum class authentication_type : std::uint8_t {
    keyed_sha1 = 4,
    meticulous_sha1 = 5, // every packet has a sequence number of its own
};

struct authentication_settings {
    authentication_type type = authentication_type::meticulous_sha1;
    std::uint8_t key_id = 1;
    std::string key; // 1 to 20 octets. Never shown
    friend bool operator==(const authentication_settings&,
                           const authentication_settings&) = default;
};

/// What a session needs to know of its configuration.
struct session_settings {
    std::chrono::microseconds min_tx{300'000}; // DesiredMinTxInterval while Up
    std::chrono::microseconds min_rx{300'000}; // RequiredMinRxInterval
    std::uint8_t multiplier = 3;               // never 0
    bool passive = false;                      // sends nothing before the neighbor has
    std::optional<authentication_settings> authentication = std::nullopt;
    friend bool operator==(const session_settings&, const session_settings&) = default;
};

} // namespace herald::bfd
