#pragma once

#include "herald/net/announcement.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace herald::fleet {

/// A point in the store's history; a key's is that of its last write (etcd: mod_revision).
using revision = std::int64_t;
using wall_time = std::chrono::system_clock::time_point; // only shown: clocks play no part

enum class permit_reason : std::uint8_t { health, drain };

/// That a node may take its announcement of a service away.
struct permit {
    permit_reason reason = permit_reason::health;
    std::string by;   // who drains; empty: nobody
    std::string note; // what they said of it
    wall_time since;
    friend bool operator==(const permit&, const permit&) = default;
};

/// What a node says of one of its services. It stays when the node goes.
struct record {
    std::string site;
    std::string health;                                // "up" …
    net::announcement heard = net::announcement::none; // of the service's state
    unsigned neighbors = 0;                            // that hear it now
    std::string reason;                                // for programs: "check_failed" …
    std::string cause;                                 // for people, one line
    wall_time since;                                   // of that state
    std::optional<fleet::permit> permit;
    friend bool operator==(const record&, const record&) = default;
};

/// A record, and where in history it was written.
struct member {
    record said;
    revision written = 0;
    friend bool operator==(const member&, const member&) = default;
};

/// A node that is there: its key is bound to a lease, and written again with each beat.
struct presence {
    std::string instance; // of the daemon; it is kept over restarts
    std::string host;
    revision appeared = 0; // etcd: create_revision
    revision beat = 0;
    friend bool operator==(const presence&, const presence&) = default;
};

/// One service's nodes, as they were at one point in history. Keys are names of nodes.
struct roster {
    revision at = 0;
    std::map<std::string, member> members;
    std::map<std::string, presence> present;
    std::map<std::string, revision> queue; // who waits to drain: since when (etcd: create_revision)
    friend bool operator==(const roster&, const roster&) = default;
};

} // namespace herald::fleet
