#include "herald/bgp/retry_backoff.hpp"

#include <algorithm>

namespace herald::bgp {

namespace {

using namespace std::chrono_literals;

/// A session that was Established for this long is no failure.
constexpr std::chrono::milliseconds stable_time = 1s;

/// RFC 4486 §4: after these the peer would only refuse again, or be overloaded again.
bool asks_for_patience(const wire::notification& received) {
    const auto told = wire::inside_hard_reset(received);
    if (told.code != wire::error_code::cease)
        return false;
    switch (told.subcode) {
    case wire::cease_code::max_prefixes:
    case wire::cease_code::administrative_shutdown:
    case wire::cease_code::deconfigured:
    case wire::cease_code::rejected:
    case wire::cease_code::out_of_resources: return true;
    default: return false;
    }
}

} // namespace

void retry_backoff::session_ended(std::chrono::milliseconds lasted,
                                  const std::optional<wire::notification>& received) {
    const bool patient = received && asks_for_patience(*received);
    if (lasted >= (patient ? std::max(limit_, stable_time) : stable_time))
        failures_ = 0;
    if (patient)
        failures_ = std::max(failures_, 1U);
}

std::chrono::milliseconds retry_backoff::next() {
    constexpr std::chrono::milliseconds first_wait{1000};
    const auto failures = failures_;
    failures_ = std::min(failures_ + 1, most_failures);
    if (failures == 0)
        return std::chrono::milliseconds{0};
    return std::min(limit_, first_wait * (1U << (failures - 1)));
}

} // namespace herald::bgp
