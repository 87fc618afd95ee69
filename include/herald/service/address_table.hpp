#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace herald::service {

enum class presence : std::uint8_t {
    absent,
    unusable, // an IPv6 address that is tentative, or that another node has, RFC 4862 §5.4
    usable,
};

/// One of the places that have an address: an interface may have it with several prefix lengths.
struct address_place {
    std::string interface;
    unsigned prefix_length = 0;
    presence state = presence::usable;
    friend bool operator==(const address_place&, const address_place&) = default;
};

/// The addresses of this machine's interfaces. Errors are lines for people. Handlers are called
/// later, on the loop. The table has what they tell of, but for an IPv6 address that was added: the
/// kernel tells of that when it likes (RFC 4862 §5.4).
class address_table {
public:
    /// False: the interface had the address already.
    using added_handler = std::function<void(std::expected<bool, std::string>)>;
    using removed_handler = std::function<void(std::expected<void, std::string>)>;

    virtual ~address_table() = default;

    /// The best of its places.
    virtual presence find(const boost::asio::ip::address& address) const = 0;
    virtual std::vector<address_place> places(const boost::asio::ip::address& address) const = 0;
    /// Gives the interface this one address (/32 or /128).
    virtual void add(const boost::asio::ip::address& address, const std::string& interface,
                     added_handler done) = 0;
    /// Takes it, with that prefix length, from the interface; no error when it is gone already.
    virtual void remove(const boost::asio::ip::address& address, const std::string& interface,
                        removed_handler done) = 0;
};

} // namespace herald::service
