#pragma once

#include "herald/control/server.hpp"
#include "herald/daemon/managed_service.hpp"
#include "herald/peering/speaker.hpp"

#include <boost/json/object.hpp>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace herald::daemon {

/// What a program leaves to the one that takes its place in the same process. Sockets are numbers
/// of descriptors, which stay open over the exec.
struct inheritance {
    static constexpr unsigned current_version = 1; // of how it is written

    std::string program; // its version
    std::string proof;   // who was given this can tell
    /// The configuration that was in force, as it was read, and the passwords that it led to: their
    /// files may have changed meanwhile.
    std::string configuration;
    std::map<std::string, std::string> passwords;     // by neighbor
    std::map<std::string, std::string> bfd_passwords; // likewise
    peering::speaker_snapshot speaker;
    control::server_sockets control;
    std::map<std::string, managed_service_snapshot> services; // by name
    boost::json::object events;

    // Of one that was read:
    std::map<std::string, std::string> unreadable; // neighbors, and what is wrong
    std::vector<int> unused_sockets;               // theirs
};

std::string to_json(const inheritance& left);
/// What to_json() writes. A neighbor that cannot be read is left out; what else cannot be read is
/// an error, in a line for people.
std::expected<inheritance, std::string> inheritance_from_json(std::string_view text);

/// Every descriptor that it names.
std::vector<int> sockets_of(const inheritance& left);
void close_sockets_of(const inheritance& left);

} // namespace herald::daemon
