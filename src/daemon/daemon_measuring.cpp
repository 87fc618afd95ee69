#include "herald/daemon/daemon.hpp"
#include "herald/daemon/log.hpp"

#include <fmt/format.h>

// What the daemon counts and measures of itself.

namespace herald::daemon {

namespace {

/// How long a withdrawal's acknowledgement is waited for.
constexpr std::chrono::minutes acknowledgement_limit{1};

} // namespace

/// Where the next one cannot be listened on, the one before is listened on again.
std::expected<void, std::string>
daemon::listen_for_everyone(const control::metrics_settings& now,
                            const control::metrics_settings& next) {
    if (now == next)
        return {};
    server_.stop_listening_for_everyone(); // the two may exclude each other
    if (!next.listen)
        return {};
    const auto listening = server_.listen(*next.listen);
    if (listening)
        return {};
    if (now.listen)
        if (const auto back = server_.listen(*now.listen); !back)
            log(log_level::error, "metrics", back.error());
    return std::unexpected(listening.error());
}

std::uint64_t daemon::updates_sent() const {
    constexpr auto update = static_cast<std::size_t>(wire::message_type::update);
    std::uint64_t sent = 0;
    for (const auto& neighbor : speaker_.neighbors())
        sent += neighbor->messages().sent[update];
    return sent;
}

/// After what follows from a service's change was handed to TCP; `sent_before`: UPDATEs, until
/// then.
void daemon::measure_change(const managed_service& which, std::uint64_t sent_before) {
    if (updates_sent() == sent_before)
        return;
    const auto now = std::chrono::steady_clock::now();
    if (which.verdict_settled())
        chronicle_.reacted(now - *which.verdict_settled());
    if (which.heard() != net::announcement::none)
        return;
    speaker_.when_acknowledged(acknowledgement_limit, [this, now] {
        if (speaker_.acknowledged())
            chronicle_.acknowledged(std::chrono::steady_clock::now() - now);
    });
}

const control::measurements& daemon::measured() const {
    return chronicle_.measured();
}

std::vector<control::event_view> daemon::recent_events() const {
    return chronicle_.recent();
}

void daemon::reader_dropped() {
    log(log_level::warning, "events", "a reader of events did not keep up, and was dropped",
        {{"count", std::to_string(++readers_dropped_)}});
}

} // namespace herald::daemon
