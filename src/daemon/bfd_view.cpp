#include "herald/daemon/bfd_view.hpp"

#include <fmt/format.h>

namespace herald::daemon {

namespace {

std::string cause_of(bfd::diagnostic diagnostic, bfd::session_state remote) {
    if (remote == bfd::session_state::admin_down)
        return "the neighbor's is AdminDown";
    return diagnostic == bfd::diagnostic::none ? "" : std::string(to_string(diagnostic));
}

std::string describe_state(const bfd::session_snapshot& session) {
    const auto cause = cause_of(session.diagnostic, session.remote_state);
    return fmt::format("{}{}{}", to_string(session.state), cause.empty() ? "" : ": ", cause);
}

} // namespace

std::map<std::string, std::uint64_t> by_reason(const bfd::discard_counters& dropped) {
    std::map<std::string, std::uint64_t> counts;
    for (std::size_t i = 0; i < bfd::discard_count; ++i)
        if (dropped.counts[i] > 0)
            counts.emplace(to_string(static_cast<bfd::discard>(i)), dropped.counts[i]);
    return counts;
}

std::optional<control::bfd_view> bfd_view_of(const peering::neighbor& neighbor,
                                             const peering::speaker& speaker) {
    const auto* const session = speaker.bfd_of(neighbor);
    if (session == nullptr)
        return std::nullopt;
    const auto& now = session->snapshot();
    control::bfd_view view;
    view.state = to_string(now.state);
    view.since = now.since;
    view.diagnostic = to_string(now.diagnostic);
    if (now.heard_at)
        view.remote_state = to_string(now.remote_state);
    if (now.received > 0)
        view.remote_diagnostic = to_string(now.remote_diagnostic);
    view.discriminator = now.local;
    if (now.remote != 0)
        view.remote_discriminator = now.remote;
    view.multihop = speaker.bfd_path_of(neighbor) == peering::bfd_path::multihop;
    view.tx_interval = session->tx_interval();
    view.rx_interval = session->rx_interval();
    if (const auto detection = session->detection_time(); detection.count() > 0)
        view.detection_time = detection;
    view.transitions = now.transitions;
    view.sent = now.sent;
    view.received = now.received;
    view.dropped = now.dropped.total();
    view.dropped_for = by_reason(now.dropped);
    return view;
}

std::string describe(const bfd::action::state_changed& change) {
    return cause_of(change.diagnostic, change.remote);
}

std::optional<std::string> bfd_trouble(const peering::neighbor& neighbor,
                                       const peering::speaker& speaker) {
    const auto* const session = speaker.bfd_of(neighbor);
    if (session == nullptr || session->state() == bfd::session_state::up)
        return std::nullopt;
    if (neighbor.established())
        return fmt::format("BFD is {}", describe_state(session->snapshot()));
    if (neighbor.settings().session.bfd_strict)
        return fmt::format("no session before BFD is Up: it is {}",
                           describe_state(session->snapshot()));
    return std::nullopt;
}

} // namespace herald::daemon
