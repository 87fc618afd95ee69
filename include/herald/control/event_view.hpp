#pragma once

#include "herald/control/snapshot.hpp"

#include <boost/json/object.hpp>
#include <optional>
#include <string>

namespace herald::control {

/// Something that happened. What does not concern it is empty.
struct event_view {
    wall_time time{};
    /// "neighbor": a session's state; "bfd": a BFD session's; "notification"; "service": health, or
    /// what neighbors hear; "check": the settled verdict; "drain": administration; "reload";
    /// "start"; "restart"; "stop"; "command": what an operator asked for, `to` says what.
    std::string type = {};
    std::string neighbor = {};
    std::string service = {};
    std::string check = {};
    std::string from = {};
    std::string to = {};
    std::string cause = {}; // one line; of a NOTIFICATION, what it says
    /// Of a NOTIFICATION.
    struct kind {
        std::string direction; // "sent" or "received"
        std::uint8_t code = 0;
        std::uint8_t subcode = 0;
        friend bool operator==(const kind&, const kind&) = default;
    };
    std::optional<kind> notification = {};
    /// Of a command.
    std::optional<std::uint32_t> uid = {};
    std::string by = {};
    friend bool operator==(const event_view&, const event_view&) = default;
};

/// Every key is always there; what does not concern the event is null.
boost::json::object to_json(const event_view& event);

} // namespace herald::control
