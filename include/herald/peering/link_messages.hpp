#pragma once

#include "herald/wire/cursor.hpp"

#include <boost/asio/ip/address.hpp>
#include <compare>
#include <string>
#include <variant>
#include <vector>

namespace herald::peering {

/// What the kernel says of an interface, rtnetlink(7).
struct interface_message {
    int index = 0;
    bool gone = false;
    std::string name;     // empty if it is gone
    bool running = false; // it is up and has a carrier
    friend bool operator==(const interface_message&, const interface_message&) = default;
};

/// What tells one of an interface's addresses from another: an interface may have an address
/// several times, with other prefix lengths and other peers.
struct address_key {
    boost::asio::ip::address address; // without a scope
    unsigned prefix_length = 0;
    boost::asio::ip::address peer; // of a point-to-point link; else unspecified
    friend std::strong_ordering operator<=>(const address_key&, const address_key&) = default;
    friend bool operator==(const address_key&, const address_key&) = default;
};

struct address_state {
    bool unusable = false;   // tentative, or another node has it, RFC 4862 §5.4
    bool deprecated = false; // RFC 4862 §5.5.4
    bool secondary = false;  // IPv4: of its network; IPv6: temporary, RFC 8981
    friend bool operator==(const address_state&, const address_state&) = default;
};

/// What the kernel says of one address of an interface.
struct address_message {
    int index = 0; // the interface's
    bool gone = false;
    address_key key;
    address_state state;
    friend bool operator==(const address_message&, const address_message&) = default;
};

using link_message = std::variant<interface_message, address_message>;

/// One datagram of the kernel's: what it tells, or a part of the answer to a question.
struct link_report {
    std::vector<link_message> messages;
    bool complete = false;    // the answer ends here
    bool interrupted = false; // something changed meanwhile: the answer may lack some
    bool malformed = false;   // what follows `messages` could not be read
    int error = 0;            // the kernel's errno
};

link_report decode_links(wire::octets datagram);

} // namespace herald::peering
