#pragma once

#include "herald/wire/notification.hpp"

#include <chrono>
#include <optional>

namespace herald::bgp {

/// How long to wait before a neighbor is dialled again, RFC 4271 §8.1.1 (DampPeerOscillations):
/// nothing after the first failure, then 1 s, 2 s, 4 s … up to a limit. The shell applies jitter.
class retry_backoff {
public:
    static constexpr unsigned most_failures = 20; // that are counted: a wait of 12 days

    explicit retry_backoff(std::chrono::milliseconds limit, unsigned failures = 0)
        : limit_(limit)
        , failures_(failures) {}

    /// The wait after one more failure.
    std::chrono::milliseconds next();
    /// So many failures decide the next wait.
    unsigned failures() const { return failures_; }
    /// An Established session ended after `lasted`, with what the peer sent. One that stayed is no
    /// failure, and the next attempt is made at once; but after a Cease that says that the peer
    /// does not want this session now, RFC 4486 §4, the wait grows as after a failure.
    void session_ended(std::chrono::milliseconds lasted,
                       const std::optional<wire::notification>& received);

private:
    std::chrono::milliseconds limit_;
    unsigned failures_;
};

} // namespace herald::bgp
