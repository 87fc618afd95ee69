#include "herald/bgp/export_policy.hpp"

#include <algorithm>

namespace herald::bgp {

namespace {

/// RFC 4271 §4.3: the length of a segment is one octet; §5.1.2: what does not fit leads.
wire::as_path own_path(net::as_number as, std::size_t count) {
    constexpr std::size_t segment_limit = 255;
    wire::as_path path;
    if (count % segment_limit != 0)
        path.push_back({wire::as_segment::kind::sequence,
                        std::vector<net::as_number>(count % segment_limit, as)});
    for (auto full = count / segment_limit; full > 0; --full)
        path.push_back(
            {wire::as_segment::kind::sequence, std::vector<net::as_number>(segment_limit, as)});
    return path;
}

template <typename Community>
void add(std::vector<Community>& all, const std::vector<Community>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

template <typename Community>
void make_sorted_and_unique(std::vector<Community>& all) {
    std::ranges::sort(all);
    all.erase(std::ranges::unique(all).begin(), all.end());
}

void add_communities(wire::path_attributes& route, const community_lists& lists) {
    add(route.communities, lists.standard);
    add(route.large_communities, lists.large);
    add(route.extended_communities, lists.extended);
}

/// RFC 9234 §5: routes towards a customer, a peer or a route server's client carry it. The role is
/// what we are to the neighbor.
bool needs_only_to_customer(const export_settings& neighbor) {
    return !neighbor.internal &&
           (neighbor.role == wire::bgp_role::provider || neighbor.role == wire::bgp_role::peer ||
            neighbor.role == wire::bgp_role::rs);
}

state_policy policy_for(const export_settings& neighbor, announcement state) {
    switch (state) {
    case announcement::none:
    case announcement::normal: return {};
    case announcement::degraded: return neighbor.degraded;
    case announcement::draining: return neighbor.draining;
    case announcement::down: return neighbor.down;
    case announcement::held: return neighbor.held;
    }
    return {};
}

} // namespace

state_policy built_in_degraded() {
    state_policy policy;
    policy.extra_prepend = 3;
    return policy;
}

state_policy built_in_draining() {
    state_policy policy;
    policy.local_pref = 0;
    policy.communities.standard = {net::community::graceful_shutdown};
    return policy;
}

state_policy built_in_down() {
    state_policy policy;
    policy.extra_prepend = 6;
    return policy;
}

std::expected<wire::path_attributes, suppression>
export_route(const export_settings& neighbor, const service_export& service, announcement state) {
    if (state == announcement::none)
        return std::unexpected(suppression::not_announced);
    const auto policy = policy_for(neighbor, state);
    if (policy.withdraw)
        return std::unexpected(suppression::withdrawn_by_policy);

    wire::path_attributes route;
    route.origin = wire::origin::igp;
    if (neighbor.internal) {
        route.path = wire::as_path{}; // RFC 4271 §5.1.2 (b)
        route.local_pref = policy.local_pref.value_or(neighbor.local_pref);
    } else {
        const std::size_t prepend = policy.prepend
                                        ? std::size_t{*policy.prepend}
                                        : std::size_t{neighbor.prepend} + policy.extra_prepend;
        route.path = own_path(neighbor.local_as, 1 + prepend);
    }
    route.med = policy.med ? policy.med : service.med ? service.med : neighbor.med;
    for (const auto* lists : {&neighbor.communities, &service.communities, &policy.communities})
        add_communities(route, *lists);
    make_sorted_and_unique(route.communities);
    make_sorted_and_unique(route.large_communities);
    make_sorted_and_unique(route.extended_communities);
    if (needs_only_to_customer(neighbor))
        route.only_to_customer = neighbor.local_as;
    return route;
}

} // namespace herald::bgp
