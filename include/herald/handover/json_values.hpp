#pragma once

#include "herald/handover/json_reader.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

namespace herald::handover {

/// How values are written that JSON has no type for. A json_reader reads what the first three
/// write, the other functions are in pairs.

/// A number of nanoseconds since the clock's epoch. The steady clock's goes on over an exec.
template <typename Clock>
std::int64_t json_time(std::chrono::time_point<Clock> time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

/// A string of two digits an octet.
boost::json::value json_octets(std::span<const std::uint8_t> octets);
/// A string; if what is in it is not well-formed UTF-8, or would not be shown as it is, then
/// {"octets": …}, from which the same comes back.
boost::json::value json_text(std::string_view text);

/// A string, from which the very same number comes back: JSON's own may lose its last bits.
boost::json::value json_number(double number);
/// Finite, and not negative.
double read_number(json_reader from);

/// "192.0.2.1", "fe80::1%2": with the scope's number, as looking for its name would be I/O.
boost::json::value json_address(const boost::asio::ip::address& address);
boost::asio::ip::address read_address(json_reader from);
boost::asio::ip::address_v4 read_address_v4(json_reader from);
boost::asio::ip::address_v6 read_address_v6(json_reader from);

/// {"category": …, "value": …}; null without an error. One of a category that this program does
/// not know comes back as EIO: that something failed is the most that it could say of it.
boost::json::value json_error(const std::error_code& error);
std::error_code read_error(json_reader from);

/// Whether it is the version that is known, so that the rest can be read.
bool read_version(json_reader from, unsigned known);

/// null: none.
template <typename Value, typename Write>
boost::json::value json_nullable(const std::optional<Value>& value, const Write& write) {
    return value ? boost::json::value(write(*value)) : boost::json::value();
}
template <typename Read>
auto read_nullable(json_reader from, std::string_view key, const Read& read)
    -> std::optional<decltype(read(from))> {
    const auto value = from.nullable(key);
    return value ? std::optional(read(*value)) : std::nullopt;
}

} // namespace herald::handover
