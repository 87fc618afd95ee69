#include "herald/bgp/negotiation.hpp"

#include "herald/wire/cursor.hpp"
#include "herald/wire/framer.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace herald::bgp {

namespace {

constexpr std::uint16_t afi_ipv4 = net::afi(net::address_family::ipv4);
constexpr std::uint16_t afi_ipv6 = net::afi(net::address_family::ipv6);
const wire::extended_next_hop_capability::entry ipv4_over_ipv6{afi_ipv4, net::safi_unicast,
                                                               afi_ipv6};

/// What the capabilities of an OPEN say together; those not of interest say nothing.
struct peer_offer {
    bool multiprotocol = false;
    net::family_set families;
    bool route_refresh = false;
    bool extended_next_hop = false;
    bool extended_message = false;
    std::optional<std::uint8_t> role;
    bool contradicting_roles = false;
    std::optional<wire::graceful_restart_capability> graceful_restart;
    bool four_octet_as = false;
    bool enhanced_route_refresh = false;

    void operator()(const wire::multiprotocol_capability& offered) {
        multiprotocol = true;
        if (const auto family = net::family_of(offered.afi, offered.safi))
            families.insert(*family);
    }
    void operator()(const wire::route_refresh_capability&) { route_refresh = true; }
    void operator()(const wire::extended_next_hop_capability& offered) {
        if (std::ranges::find(offered.entries, ipv4_over_ipv6) != offered.entries.end())
            extended_next_hop = true;
    }
    void operator()(const wire::extended_message_capability&) { extended_message = true; }
    void operator()(const wire::role_capability& offered) {
        contradicting_roles = contradicting_roles || (role && *role != offered.role);
        role = offered.role;
    }
    /// RFC 4724 §3: of several the last counts.
    void operator()(const wire::graceful_restart_capability& offered) {
        graceful_restart = offered;
    }
    void operator()(const wire::four_octet_as_capability&) { four_octet_as = true; }
    void operator()(const wire::enhanced_route_refresh_capability&) {
        enhanced_route_refresh = true;
    }
    // The neighbor waits for BFD by itself, and this side does whether or not the other one can.
    void operator()(const wire::bfd_strict_capability&) {}
    void operator()(const wire::unknown_capability&) {} // RFC 5492 §3: ignored
};

peer_offer read_offer(const wire::open_message& peer) {
    peer_offer offer;
    for (const auto& capability : peer.capabilities)
        std::visit(offer, capability);
    // RFC 4760 §8, RFC 5492 §3: who says nothing of families speaks IPv4 unicast.
    if (!offer.multiprotocol)
        offer.families.insert(net::address_family::ipv4);
    return offer;
}

wire::notification open_failure(std::uint8_t subcode) {
    return {wire::error_code::open_message, subcode, {}};
}

/// RFC 6793 §4.2.1: without the four-octet capability, AS_TRANS is how a neighbor whose number
/// does not fit names itself. It does not tell which number that is, so it says too little where
/// any other AS will do.
bool is_expected_as(const session_settings& settings, const wire::open_message& peer,
                    const peer_offer& offer) {
    if (!settings.remote_as)
        return net::is_usable(peer.as()) && peer.as() != settings.local_as;
    if (!offer.four_octet_as && !net::fits_two_octets(*settings.remote_as))
        return peer.my_as == net::as_trans;
    return peer.as() == *settings.remote_as;
}

/// The role that the neighbor of a speaker with `role` has to have, RFC 9234 §4.2.
wire::bgp_role counterpart(wire::bgp_role role) {
    switch (role) {
    case wire::bgp_role::provider: return wire::bgp_role::customer;
    case wire::bgp_role::customer: return wire::bgp_role::provider;
    case wire::bgp_role::rs: return wire::bgp_role::rs_client;
    case wire::bgp_role::rs_client: return wire::bgp_role::rs;
    case wire::bgp_role::peer: return wire::bgp_role::peer;
    }
    return role;
}

/// RFC 9234 §4.2: a role on one side only is no fault.
bool roles_match(const session_settings& settings, const peer_offer& offer) {
    if (offer.contradicting_roles)
        return false;
    return !settings.role || !offer.role ||
           *offer.role == static_cast<std::uint8_t>(counterpart(*settings.role));
}

/// RFC 5492 §5: the data holds the capabilities that are required, as an OPEN would.
wire::notification missing_families(net::family_set families) {
    auto failure = open_failure(wire::open_error::unsupported_capability);
    wire::writer data(failure.data);
    for (const auto family : net::all_families) {
        if (!families.contains(family))
            continue;
        data.write(static_cast<std::uint8_t>(wire::capability_code::multiprotocol));
        data.write(std::uint8_t{4});
        data.write(net::afi(family));
        data.write(std::uint8_t{0});
        data.write(net::safi_unicast);
    }
    return failure;
}

std::optional<wire::notification> find_fault(const session_settings& settings,
                                             const wire::open_message& peer,
                                             const peer_offer& offer) {
    if (!is_expected_as(settings, peer, offer))
        return open_failure(wire::open_error::bad_peer_as);
    // RFC 6286 §2.2: only inside an AS must identifiers differ.
    if (settings.internal() && peer.identifier == settings.router_id)
        return open_failure(wire::open_error::bad_identifier);
    // RFC 9234 §4.1: roles are for eBGP.
    if (!settings.internal() && !roles_match(settings, offer))
        return open_failure(wire::open_error::role_mismatch);
    if (!settings.families.empty() && (settings.families & offer.families).empty())
        return missing_families(settings.families);
    return std::nullopt;
}

/// RFC 4271 §4.4: a third of the hold time, and not more than one a second.
std::chrono::milliseconds keepalive_interval(std::chrono::seconds hold_time) {
    if (hold_time == std::chrono::seconds{0})
        return std::chrono::milliseconds{0};
    return std::max(std::chrono::milliseconds{1000}, std::chrono::milliseconds{hold_time} / 3);
}

wire::graceful_restart_capability restart_offer(const session_settings& settings, bool restarted) {
    constexpr std::chrono::seconds field_limit{4095}; // 12 bits, RFC 4724 §3
    wire::graceful_restart_capability offer;
    offer.restarted = restarted;
    offer.notification = true; // RFC 8538 §2
    offer.restart_time =
        static_cast<std::uint16_t>(std::min(settings.graceful_restart, field_limit).count());
    for (const auto family : net::all_families)
        if (settings.families.contains(family))
            offer.entries.push_back({net::afi(family), net::safi_unicast, restarted});
    return offer;
}

} // namespace

wire::open_message make_open(const session_settings& settings, bool restarted) {
    wire::open_message open;
    open.my_as = static_cast<std::uint16_t>(
        net::fits_two_octets(settings.local_as) ? settings.local_as : net::as_trans);
    open.hold_time = static_cast<std::uint16_t>(settings.hold_time.count());
    open.identifier = settings.router_id;
    auto& offered = open.capabilities;
    for (const auto family : net::all_families)
        if (settings.families.contains(family))
            offered.emplace_back(
                wire::multiprotocol_capability{net::afi(family), net::safi_unicast});
    offered.emplace_back(wire::route_refresh_capability{});
    if (settings.extended_next_hop)
        offered.emplace_back(wire::extended_next_hop_capability{{ipv4_over_ipv6}});
    offered.emplace_back(wire::extended_message_capability{});
    if (settings.role && !settings.internal()) // RFC 9234 §4.1
        offered.emplace_back(wire::role_capability{static_cast<std::uint8_t>(*settings.role)});
    if (settings.graceful_restart > std::chrono::seconds{0})
        offered.emplace_back(restart_offer(settings, restarted));
    offered.emplace_back(wire::four_octet_as_capability{settings.local_as});
    offered.emplace_back(wire::enhanced_route_refresh_capability{});
    if (settings.bfd_strict)
        offered.emplace_back(wire::bfd_strict_capability{});
    return open;
}

std::expected<negotiated_session, wire::notification> negotiate(const session_settings& settings,
                                                                const wire::open_message& peer) {
    const auto offer = read_offer(peer);
    if (auto fault = find_fault(settings, peer, offer))
        return std::unexpected(std::move(*fault));

    negotiated_session session;
    session.peer_as = settings.remote_as.value_or(peer.as());
    session.peer_identifier = peer.identifier;
    session.hold_time = std::min(settings.hold_time, std::chrono::seconds{peer.hold_time});
    session.keepalive = keepalive_interval(session.hold_time);
    session.families = settings.families & offer.families;
    session.format.four_octet_as = offer.four_octet_as;
    session.format.internal = settings.internal();
    session.format.extended_next_hop = settings.extended_next_hop && offer.extended_next_hop;
    session.format.max_size =
        offer.extended_message ? wire::max_extended_message_size : wire::max_message_size;
    session.extended_message = offer.extended_message;
    session.route_refresh = offer.route_refresh;
    session.enhanced_route_refresh = offer.enhanced_route_refresh;
    session.peer_graceful_restart = offer.graceful_restart;
    session.graceful_restart =
        settings.graceful_restart > std::chrono::seconds{0} && offer.graceful_restart;
    session.graceful_notification =
        session.graceful_restart && offer.graceful_restart->notification;
    if (!settings.internal())
        session.peer_role = offer.role;
    return session;
}

} // namespace herald::bgp
