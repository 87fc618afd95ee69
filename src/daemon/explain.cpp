#include "herald/daemon/explain.hpp"

#include "herald/daemon/bfd_view.hpp"

#include "herald/bgp/export_policy.hpp"
#include "herald/daemon/announcer.hpp"
#include "herald/daemon/views.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace herald::daemon {

namespace {

struct found_prefix {
    net::ip_prefix prefix;
    const managed_service* service = nullptr;
};

bool holds(const net::ip_prefix& outer, const net::ip_prefix& inner) {
    return outer.family() == inner.family() && outer.length() <= inner.length() &&
           net::ip_prefix(inner.family(), inner.octets(), outer.length()) == outer;
}

/// An address is the longest prefix of its kind.
std::optional<net::ip_prefix> read_prefix(std::string text) {
    if (text.find('/') == std::string::npos)
        text += text.find(':') == std::string::npos ? "/32" : "/128";
    const auto read = net::ip_prefix::parse(text);
    return read ? std::optional(*read) : std::nullopt;
}

std::optional<found_prefix>
find_prefix(const net::ip_prefix& wanted,
            const std::vector<std::unique_ptr<managed_service>>& services) {
    std::optional<found_prefix> best;
    for (const auto& service : services)
        for (const auto& prefix : service->settings().service.prefixes)
            if (holds(prefix, wanted) && (!best || best->prefix.length() < prefix.length()))
                best = {prefix, service.get()};
    return best;
}

/// For programs, and for people.
struct answer {
    std::string_view reason;
    std::string text;
};

answer withdrawal_pending() {
    return {"withdrawal_pending", "its withdrawal waits for the neighbor's TCP to take it"};
}

/// Why nothing is wanted of this service, whoever listens.
answer why_silent(const managed_service& service) {
    if (service.administration() == service::administration::drained)
        return {"drained", "the service is drained"};
    if (service.health() == service::health_state::unknown)
        return {"starting", "the service's health is not known yet"};
    return {"service_down",
            fmt::format("the service is {}: {}", service::to_string(service.health()),
                        service.cause().text)};
}

/// Why a prefix that is wanted is not there.
answer why_missing(const peering::neighbor& neighbor, const peering::speaker& speaker,
                   const net::ip_prefix& prefix) {
    const auto family = prefix.family();
    if (neighbor.administratively_down())
        return {"neighbor_shutdown", "the neighbor is administratively down"};
    if (const auto trouble = bfd_trouble(neighbor, speaker); trouble && !neighbor.established())
        return {"bfd_down", *trouble};
    if (!neighbor.established())
        return {"session_down",
                fmt::format("the session is {}{}{}", bgp::to_string(neighbor.state()),
                            neighbor.last_end() ? ": " : "", neighbor.why_down())};
    if (!neighbor.session()->families.contains(family))
        return {"family_not_negotiated",
                fmt::format("{} was not negotiated in this session", net::to_string(family))};
    if (!neighbor.next_hops().contains(family))
        return {"no_next_hop", neighbor.next_hop_problems().empty()
                                   ? "there is no next hop"
                                   : neighbor.next_hop_problems().front()};
    const auto unsendable = neighbor.rib().unsendable();
    if (std::ranges::find(unsendable, prefix) != unsendable.end())
        return {"attributes_too_large", "its attributes leave no room for a prefix in an UPDATE"};
    return {"not_sent_yet", "it waits for the neighbor's TCP to take it"};
}

answer why_heard(const managed_service& service) {
    switch (service.heard()) {
    case net::announcement::none: break;
    case net::announcement::normal:
        return {"announced", "announced by the neighbor's own settings"};
    case net::announcement::degraded: return {"announced", "announced by when.degraded"};
    case net::announcement::draining: return {"announced", "announced by when.draining"};
    case net::announcement::down: return {"announced", "announced by when.down"};
    case net::announcement::held: return {"guard_refused", service.cause().text};
    }
    return withdrawal_pending();
}

answer why(const managed_service& service, const peering::neighbor& neighbor,
           const peering::speaker& speaker, const net::ip_prefix& prefix, bool has_it) {
    const auto& settings = service.settings();
    if (!hears(neighbor.settings(), settings.service))
        return {"not_for_this_neighbor", "the service is not for this neighbor"};
    const bool wanted =
        bgp::export_route(neighbor.settings().policy, settings.exported, service.heard())
            .has_value();
    if (has_it)
        return wanted ? why_heard(service) : withdrawal_pending();
    if (service.heard() == net::announcement::none)
        return why_silent(service);
    if (!wanted)
        return {"policy", fmt::format("when.{} withdraws it from this neighbor",
                                      net::to_string(service.heard()))};
    return why_missing(neighbor, speaker, prefix);
}

} // namespace

std::optional<control::explain_view>
explain(const std::string& text, const std::vector<std::unique_ptr<managed_service>>& services,
        const peering::speaker& speaker) {
    const auto wanted = read_prefix(text);
    const auto found = wanted ? find_prefix(*wanted, services) : std::nullopt;
    if (!found)
        return std::nullopt;
    control::explain_view view;
    view.prefix = net::to_string(found->prefix);
    view.service = view_of(*found->service, speaker);
    for (const auto& neighbor : speaker.neighbors()) {
        control::hearing_view hearing;
        hearing.neighbor = neighbor->settings().name;
        hearing.state = bgp::to_string(neighbor->state());
        if (const auto attributes = neighbor->rib().advertised(found->prefix)) {
            hearing.hears = true;
            hearing.route = view_of(bgp::advertised_route{found->prefix, attributes});
            hearing.route->neighbor = hearing.neighbor;
            hearing.route->service = found->service->name();
        }
        hearing.settled = neighbor->acknowledged();
        auto found_why = why(*found->service, *neighbor, speaker, found->prefix, hearing.hears);
        hearing.reason = found_why.reason;
        hearing.why = std::move(found_why.text);
        view.neighbors.push_back(std::move(hearing));
    }
    return view;
}

} // namespace herald::daemon
