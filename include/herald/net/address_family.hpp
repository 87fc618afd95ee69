#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace herald::net {

/// The families herald announces: unicast, RFC 4760.
enum class address_family : std::uint8_t { ipv4, ipv6 };

inline constexpr std::array all_families{address_family::ipv4, address_family::ipv6};

constexpr std::uint16_t afi(address_family family) {
    return family == address_family::ipv4 ? 1 : 2;
}

/// The subsequent address family identifier of unicast.
inline constexpr std::uint8_t safi_unicast = 1;

/// The family of these identifiers, or none when herald does not speak it.
constexpr std::optional<address_family> family_of(std::uint16_t afi, std::uint8_t safi) {
    if (safi != safi_unicast || afi < 1 || afi > 2)
        return std::nullopt;
    return afi == 1 ? address_family::ipv4 : address_family::ipv6;
}

constexpr std::uint8_t max_prefix_length(address_family family) {
    return family == address_family::ipv4 ? 32 : 128;
}

/// "ipv4" or "ipv6", as the configuration and the metrics write it.
constexpr std::string_view to_string(address_family family) {
    return family == address_family::ipv4 ? "ipv4" : "ipv6";
}

/// A set of families, a value.
class family_set {
public:
    constexpr family_set() = default;
    constexpr family_set(std::initializer_list<address_family> families) {
        for (auto family : families)
            insert(family);
    }

    constexpr void insert(address_family family) { bits_ |= bit(family); }
    constexpr void erase(address_family family) {
        bits_ = static_cast<std::uint8_t>(bits_ & ~bit(family));
    }
    constexpr bool contains(address_family family) const { return (bits_ & bit(family)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }

    friend constexpr family_set operator&(family_set a, family_set b) {
        a.bits_ &= b.bits_;
        return a;
    }
    friend constexpr bool operator==(family_set, family_set) = default;

private:
    static constexpr std::uint8_t bit(address_family family) {
        return static_cast<std::uint8_t>(1U << static_cast<unsigned>(family));
    }

    std::uint8_t bits_ = 0;
};

} // namespace herald::net
