#include "herald/peering/speaker.hpp"

#include <utility>

// BFD beside the sessions, RFC 5882.

namespace herald::peering {

namespace {

/// How soon it is looked again whether connections have closed.
constexpr std::chrono::milliseconds closing_poll{2};

/// Between this node and the neighbor, one more than the routers between them: as its session's
/// packets are sent, or may arrive.
unsigned hops_to(const neighbor_settings& settings) {
    constexpr unsigned any = 255;
    if (settings.ttl_security)
        return *settings.ttl_security;
    return settings.multihop.value_or(settings.session.internal() ? any : 1);
}

bool wants_bfd(const neighbor& which) {
    const auto& settings = which.settings();
    return settings.bfd && is_found(settings) && !which.administratively_down();
}

} // namespace

/// AdminDown resets BGP at many routers: what neighbors are told at the end of a session goes
/// first.
void speaker::update_bfd() {
    const bool closing = *environment_.closing > 0;
    if (closing)
        await_closing();
    std::vector<bfd_peer> wanted;
    for (const auto& neighbor : neighbors_)
        if (!stopped_ && wants_bfd(*neighbor))
            wanted.push_back(bfd_peer_of(*neighbor));
    bfd_.want(wanted, closing ? bfd_sessions::others::stay : bfd_sessions::others::end);
    if (stopped_)
        return;
    for (const auto& neighbor : neighbors_) {
        const auto* const session = bfd_of(*neighbor);
        neighbor->bfd_changed(session && session->state() == bfd::session_state::up, true);
    }
}

void speaker::await_closing() {
    bfd_alarm_->set(environment_.time->now() + closing_poll, [this, alive = std::weak_ptr(alive_)] {
        if (alive.expired())
            return;
        if (*environment_.closing > 0)
            await_closing();
        else
            update_bfd();
    });
}

/// What is not configured follows from where the neighbor is. One that was on a link stays there:
/// when the link goes its addresses may go too, and that is what BFD is to find.
bfd_path speaker::path_to(const neighbor& which) const {
    const auto& settings = which.settings();
    if (settings.bfd->multihop)
        return *settings.bfd->multihop ? bfd_path::multihop : bfd_path::single_hop;
    if (!settings.session.internal() && hops_to(settings) == 1)
        return bfd_path::single_hop;
    const auto now = bfd_.path_of(settings.name);
    const auto* const session = bfd_of(which);
    const bool is_up = session && session->state() == bfd::session_state::up;
    if (now && (is_up || *now == bfd_path::single_hop))
        return *now;
    return environment_.links->on_link(settings.address) ? bfd_path::single_hop
                                                         : bfd_path::multihop;
}

bfd_peer speaker::bfd_peer_of(const neighbor& which) const {
    const auto& settings = which.settings();
    const auto path = path_to(which);
    // BIRD sends to several hops with the kernel's TTL, which is 64.
    const auto least_ttl = path == bfd_path::single_hop ? 255U
                           : settings.ttl_security      ? 256U - *settings.ttl_security
                                                        : 1U;
    return {.name = settings.name,
            .address = settings.address,
            .local_address = settings.local_address,
            .path = path,
            .least_ttl = static_cast<std::uint8_t>(least_ttl),
            .session = settings.bfd->session};
}

const bfd::session* speaker::bfd_of(const neighbor& which) const {
    return bfd_.find(which.settings().name);
}

std::optional<bfd_path> speaker::bfd_path_of(const neighbor& which) const {
    return bfd_.path_of(which.settings().name);
}

void speaker::shut_down(neighbor& which, std::string_view reason) {
    which.shut_down(reason);
    update_bfd();
}

void speaker::enable(neighbor& which) {
    which.enable();
    update_bfd();
}

void speaker::bfd_changed(const std::string& name, const bfd::action::state_changed& change) {
    auto* const which = find(name);
    if (which == nullptr)
        return;
    observer_.bfd_changed(*which, change);
    which->bfd_changed(change.now == bfd::session_state::up,
                       change.remote == bfd::session_state::admin_down);
}

void speaker::bfd_problem(const std::string& name, const std::string& text) {
    if (const auto* const which = find(name))
        observer_.problem(*which, text);
}

} // namespace herald::peering
