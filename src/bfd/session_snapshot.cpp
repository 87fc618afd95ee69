#include "herald/bfd/session_snapshot.hpp"

#include <fmt/format.h>
#include <limits>

namespace herald::bfd {
namespace {

/// As the wire can carry it.
bool is_interval(microseconds interval) {
    return interval.count() >= 0 && interval.count() <= std::numeric_limits<std::uint32_t>::max();
}

bool has_intervals(const session_snapshot& of) {
    return is_interval(of.desired_min_tx) && is_interval(of.required_min_rx) &&
           is_interval(of.earlier_min_tx.value_or(microseconds{0})) &&
           is_interval(of.earlier_min_rx.value_or(microseconds{0})) &&
           is_interval(of.remote_min_tx) && is_interval(of.remote_min_rx);
}

/// Far enough from the ends of the clock that timers can be counted from there.
bool is_time(std::optional<time_point> time) {
    constexpr std::chrono::hours far{1'000'000};
    return !time || (time->time_since_epoch() > -far && time->time_since_epoch() < far);
}

bool has_times(const session_snapshot& of) {
    return is_time(of.heard_at) && is_time(of.sent_at) && is_time(of.silent_at) &&
           is_time(of.forget_sequence_at);
}

} // namespace

std::optional<std::string> find_fault(const session_snapshot& snapshot) {
    if (snapshot.version != session_snapshot::current_version)
        return fmt::format("its version is {}, not {}", snapshot.version,
                           session_snapshot::current_version);
    if (snapshot.local == 0)
        return "it has no discriminator";
    if (snapshot.state > session_state::up)
        return "it is in no state";
    const bool heard = snapshot.heard_at.has_value();
    if (heard != (snapshot.remote != 0) || heard != (snapshot.remote_multiplier != 0))
        return "it knows of a neighbor that it has not heard, or not enough of one that it has";
    if (snapshot.state > session_state::down && !heard)
        return "it has a session with nobody";
    if (snapshot.silent_at && snapshot.state != session_state::admin_down)
        return "it is to fall silent and is not AdminDown";
    if (!has_intervals(snapshot) || snapshot.jitter < 0 || snapshot.jitter > 1'000'000)
        return "it has intervals that cannot be";
    if (!has_times(snapshot))
        return "it has times that cannot be";
    return std::nullopt;
}

} // namespace herald::bfd
