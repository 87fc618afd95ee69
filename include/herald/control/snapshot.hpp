#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace herald::control {

/// What the daemon shows of itself: plain values, made anew for each request. Names of states are
/// those of the contract and of RFC 4271. Nothing here is secret.

using wall_time = std::chrono::system_clock::time_point;
using seconds = std::chrono::duration<double>;

/// A NOTIFICATION or a failure that ended a session.
struct session_error {
    wall_time at{};
    std::string direction; // "sent", "received", or "local" for a failure of the connection
    std::uint8_t code = 0; // 0 with "local"
    std::uint8_t subcode = 0;
    std::string text; // "Cease / Administrative Shutdown: upgrading", "connection refused"
};

struct message_count {
    std::string type; // "open" "update" "notification" "keepalive" "route_refresh"
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
};

/// A neighbor's BFD session. Names of states, diagnostics and reasons are those of RFC 5880.
struct bfd_view {
    std::string state; // "AdminDown" "Down" "Init" "Up"
    wall_time since{}; // in this state
    std::string diagnostic;
    // as the neighbor says it, once it was heard:
    std::optional<std::string> remote_state;
    std::optional<std::string> remote_diagnostic;
    std::uint32_t discriminator = 0;
    std::optional<std::uint32_t> remote_discriminator;
    bool multihop = false;
    seconds tx_interval{};
    seconds rx_interval{};
    std::optional<seconds> detection_time;
    std::uint64_t transitions = 0; // to Up, or away from it
    std::uint64_t sent = 0;        // packets
    std::uint64_t received = 0;
    std::uint64_t dropped = 0;
    std::map<std::string, std::uint64_t> dropped_for; // by reason
};

struct neighbor_view {
    std::string name;
    std::string description;
    std::optional<std::string> interface; // on which it is, where it has no address of its own
    std::optional<std::string> address;   // none: no router was found there
    std::uint16_t port = 0;
    std::optional<std::uint32_t> remote_as; // none: not known before there is a session
    std::uint32_t local_as = 0;
    bool passive = false;
    bool shutdown = false; // administratively down
    std::string state;     // "Idle" … "Established"
    wall_time since{};     // in this state
    // of the session, while Established:
    std::optional<std::string> local_address;
    std::optional<std::string> direction; // "dialled" or "accepted"
    std::optional<std::string> peer_identifier;
    std::optional<seconds> hold_time;
    std::optional<seconds> keepalive_interval;
    std::vector<std::string> families;               // negotiated: "ipv4", "ipv6"
    std::map<std::string, std::string> next_hops;    // by family
    std::map<std::string, std::uint64_t> advertised; // prefixes, by family
    bool acknowledged = true; // everything sent was acknowledged by the peer's TCP, nothing is due
    // since start:
    std::vector<message_count> messages;
    std::uint64_t transitions = 0;
    std::uint64_t malformed_updates = 0;
    std::optional<session_error> last_error;   // of the last session, or OPEN that was refused
    std::optional<session_error> last_failure; // of the last attempt since the last session
    std::optional<std::string> why_down;       // both in one line, while not Established
    std::optional<bfd_view> bfd;
    std::vector<std::string> problems; // "ipv6 is not announced: no IPv6 address on eth0"
};

struct check_view {
    std::string service;
    std::string name;
    std::string type;
    std::string state;                      // "unknown" "pass" "degraded" "fail"
    std::string on_fail;                    // "down" or "degrade"
    std::optional<std::string> last_result; // "pass" "degraded" "fail"
    bool could_run = true;
    bool timed_out = false;
    std::string output;
    std::optional<wall_time> last_run;
    std::optional<seconds> duration;
    std::uint64_t runs = 0;
    std::optional<wall_time> since; // in this state
    /// A letter for each of the last runs, newest last: p passed, d degraded, f failed, t timed
    /// out, e could not be run.
    std::string recent;
};

struct drain_view {
    std::string source; // "operator" or "file"
    std::string by;     // the user, or the file
    std::string reason;
    wall_time since{};
    std::optional<wall_time> until;
    bool immediate = false;
};

/// How long a service that went down stays down, whatever its checks say.
struct hold_down_view {
    wall_time until{};
    unsigned flaps = 0;
    bool decides = false; // it would be back but for this
};

/// What must stay announced elsewhere before the service may go.
struct guard_view {
    std::string keep;                   // "2" or "60%"
    std::string keep_per;               // "site" or "node"
    std::string on_store_loss;          // "hold" or "withdraw"
    bool permitted = false;             // it may go now
    std::optional<std::string> refused; // why not, while a permit is wanted
};

struct service_view {
    std::string name;
    std::string health;         // "unknown" "up" "degraded" "down"
    std::string administration; // "active" "draining" "drained"
    std::string heard;          // "none" "normal" "degraded" "draining" "down" "held"
    wall_time since{};
    std::vector<std::string> prefixes;
    std::vector<std::string> neighbors;    // that are to hear it
    std::vector<std::string> announced_to; // that have at least one of its prefixes now
    bool acknowledged = true; // what every Established neighbor should have, it has acknowledged
    std::string require;      // "all", "any" or a number
    std::string on_down;      // "withdraw" or "deprefer"
    std::vector<drain_view> drains; // in force
    std::optional<hold_down_view> hold_down;
    std::optional<guard_view> guard;
    std::vector<std::string> addresses;         // that it needs
    std::vector<std::string> missing_addresses; // that no interface has
    std::vector<check_view> checks;
    std::string cause;  // why it is in its state, one line: "check resolve failed: timed out"
    std::string reason; // the same for programs: "check_failed", "held_down" …
};

struct permit_view {
    std::string reason; // "health" or "drain"
    std::string by;     // who drains
    std::string note;   // what they said of it
    wall_time since{};
};

/// What a node says of a service.
struct fleet_node_view {
    std::string node;
    std::string site;
    std::string health;
    std::string heard;
    unsigned neighbors = 0; // that hear it
    wall_time since{};
    std::optional<permit_view> permit;
    std::string cause;
    std::string reason;
    bool waits = false; // for its turn to drain
    bool stale = false; // the node is not there, or etcd is not
};

struct fleet_service_view {
    std::string service;
    std::vector<fleet_node_view> nodes;
};

/// The fleet, as this node knows it. Without a fleet there is no node.
struct fleet_view {
    std::string node;
    std::string site;
    std::string prefix;
    bool reached = false; // etcd answers
    bool present = false; // others count on what we say
    std::optional<std::string> trouble;
    std::vector<fleet_service_view> services;
};

/// A route as it was encoded for a neighbor.
struct route_view {
    std::string neighbor;
    std::string service;
    std::string prefix;
    std::string family;
    std::string next_hop;
    std::vector<std::uint32_t> as_path;
    std::optional<std::uint32_t> med;
    std::optional<std::uint32_t> local_pref;
    std::vector<std::string> communities;
    std::vector<std::string> large_communities;
    std::vector<std::string> extended_communities;
    std::optional<std::uint32_t> only_to_customer;
};

struct status_view {
    std::string version;
    std::uint32_t local_as = 0;
    std::string router_id;
    wall_time started{};                     // since when it counts
    std::optional<wall_time> restarted = {}; // when another program took over, sessions and all
    std::string config_file;
    std::vector<neighbor_view> neighbors;
    std::vector<service_view> services;
    std::map<std::string, std::uint64_t> bfd_strays = {}; // packets of no session, by reason
    std::optional<fleet_view> fleet = {};                 // without its services
    std::vector<std::string> problems; // what an operator should look at, one line each
};

} // namespace herald::control
