#pragma once

#include <chrono>

namespace herald::bgp {

/// How long to wait before a neighbor is dialled again, RFC 4271 §8.1.1 (DampPeerOscillations):
/// nothing after the first failure, then 1 s, 2 s, 4 s … up to a limit. The shell applies jitter.
class retry_backoff {
public:
    explicit retry_backoff(std::chrono::milliseconds limit) : limit_(limit) {}

    /// The wait after one more failure.
    std::chrono::milliseconds next();
    /// A session was Established and stayed: failures are forgotten.
    void reset() { failures_ = 0; }

private:
    std::chrono::milliseconds limit_;
    unsigned failures_ = 0;
};

} // namespace herald::bgp
