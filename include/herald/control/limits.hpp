#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace herald::control {

/// What a client can cost the daemon at most.
struct limits {
    std::size_t connections = 128; // the one beyond is answered with 503
    std::uint32_t header = 16384;
    std::uint64_t body = 65536;
    std::chrono::milliseconds request = std::chrono::seconds{10}; // for a request to arrive
    std::chrono::milliseconds reply = std::chrono::seconds{10};   // for a client to read its reply
    std::chrono::milliseconds daemon = std::chrono::seconds{30};  // for the daemon to do a change
    std::chrono::milliseconds linger = std::chrono::seconds{1};   // reading on after a refusal
    std::size_t backlog = 262144; // of events that a reader has not taken; then it is cut
    std::chrono::milliseconds accept_retry{100}; // out of file descriptors
};

} // namespace herald::control
