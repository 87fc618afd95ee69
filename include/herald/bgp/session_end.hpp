#pragma once

#include "herald/wire/notification.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace herald::bgp {

/// How a session, or an attempt at one, ended.
struct session_end {
    std::chrono::system_clock::time_point at{};
    std::optional<wire::notification> sent;
    std::optional<wire::notification> received;
    std::error_code failure;     // of the connection, if there was no NOTIFICATION
    bool closed_by_peer = false; // likewise
    bool was_established = false;

    /// "received Cease / Administrative Shutdown: upgrading", "connection refused" …
    std::string describe() const;

    friend bool operator==(const session_end&, const session_end&) = default;
};

/// Why a peer has no session: how the last one ended, and how the attempts since then failed.
class session_ends {
public:
    session_ends() = default;
    session_ends(bool last_stays, std::optional<session_end> last,
                 std::optional<session_end> last_failure)
        : last_stays_(last_stays)
        , last_(std::move(last))
        , last_failure_(std::move(last_failure)) {}

    void session_up() { last_failure_.reset(); }
    void add(const session_end& end);

    /// How the last session ended, or the last attempt at one that came as far as a NOTIFICATION;
    /// before there was either, how the last attempt failed.
    const std::optional<session_end>& last() const { return last_; }
    /// How the last attempt since the last session failed.
    const std::optional<session_end>& last_failure() const { return last_failure_; }
    /// Whether last() stays when an attempt fails without a NOTIFICATION.
    bool last_stays() const { return last_stays_; }
    /// Both in one line; empty before anything ended.
    std::string describe() const;

    friend bool operator==(const session_ends&, const session_ends&) = default;

private:
    bool last_stays_ = false;
    std::optional<session_end> last_;
    std::optional<session_end> last_failure_;
};

} // namespace herald::bgp
