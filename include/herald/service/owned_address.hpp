#pragma once

#include <boost/asio/ip/address.hpp>
#include <compare>
#include <expected>
#include <set>
#include <string>
#include <string_view>

namespace herald::service {

/// An address that herald itself gave an interface.
struct owned_address {
    boost::asio::ip::address address;
    std::string interface;
    friend std::strong_ordering operator<=>(const owned_address&, const owned_address&) = default;
    friend bool operator==(const owned_address&, const owned_address&) = default;
};
using owned_addresses = std::set<owned_address>;

/// The text of addresses.json: one JSON object with its version.
std::string to_json(const owned_addresses& addresses);

/// Reads what to_json() writes, and nothing else. The error says what is wrong.
std::expected<owned_addresses, std::string> owned_addresses_from_json(std::string_view text);

} // namespace herald::service
