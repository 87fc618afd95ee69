#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <expected>
#include <string>

namespace herald::service {

enum class presence : std::uint8_t {
    absent,
    unusable, // an IPv6 address that is tentative, or that another node has, RFC 4862 §5.4
    usable,
};

/// The addresses of this machine's interfaces. Errors are lines for people.
class address_table {
public:
    virtual ~address_table() = default;

    virtual presence find(const boost::asio::ip::address& address) const = 0;
    /// Gives the interface this one address (/32 or /128); false where it has it already.
    virtual std::expected<bool, std::string> add(const boost::asio::ip::address& address,
                                                 const std::string& interface) = 0;
    /// Takes it from the interface; no error where it is gone already.
    virtual std::expected<void, std::string> remove(const boost::asio::ip::address& address,
                                                    const std::string& interface) = 0;
};

} // namespace herald::service
