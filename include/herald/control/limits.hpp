#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace herald::control {

/// What a client can cost the daemon at most.
struct limits {
    std::size_t connections = 128; // of a listening socket; the one beyond is answered with 503
    // Those beyond on the open listener, to see whether they are probes; when this many are there,
    // the oldest makes room.
    std::size_t extra_connections = 64;
    std::chrono::milliseconds extra_request = std::chrono::seconds{1}; // for theirs to arrive
    // Bytes of replies that clients have not taken yet, for each listening socket; one alone may
    // be larger.
    std::size_t replies = 32U << 20U;
    std::size_t small_reply = 32U << 10U; // does not count among them
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
