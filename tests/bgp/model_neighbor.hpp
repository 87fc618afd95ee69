#pragma once

#include "herald/net/address_family.hpp"
#include "herald/net/ip_prefix.hpp"
#include "herald/wire/messages.hpp"
#include "herald/wire/update.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <variant>
#include <vector>

namespace herald::bgp::test {

/// Of what is tested, and of the test itself.
inline void insist(bool holds) {
    if (!holds)
        throw std::logic_error("what a neighbor hears is not as it must be");
}

struct end_of_rib {
    net::address_family family;
    friend bool operator==(end_of_rib, end_of_rib) = default;
};
using heard = std::variant<wire::update_message, end_of_rib, wire::route_refresh>;

inline heard read_update(wire::octets body, const wire::update_format& format) {
    const auto checked = wire::check_update(body, format);
    insist(checked.has_value() && checked->malformations.empty());
    if (const auto family = checked->end_of_rib())
        return end_of_rib{*family};
    return wire::decode_update(*checked, format);
}

using table = std::map<net::ip_prefix, wire::path_attributes>;

/// A neighbor that keeps what it hears, and complains of what is not needed.
class model_neighbor {
public:
    explicit model_neighbor(bool is_strict = true) : strict(is_strict) {}

    bool strict; // no refreshes were asked for: nothing may come twice

    void hear(const heard& message) {
        std::visit([this](const auto& what) { on(what); }, message);
    }

    const table& routes() const { return routes_; }
    bool in_refresh() const { return !stale_.empty() || refreshing_.size() > 0; }
    const std::vector<net::address_family>& ended() const { return ended_; }

private:
    void on(const wire::update_message& update) {
        // RFC 7606 §5.1: one of the fields is filled.
        insist(update.withdrawn.empty() != update.announced.empty());
        for (const auto& gone : update.withdrawn) {
            insist(routes_.erase(gone) == 1);
            stale_.erase(gone);
        }
        for (const auto& route : update.announced) {
            const auto known = routes_.find(route);
            insist(!strict || known == routes_.end() || known->second != update.attributes);
            routes_.insert_or_assign(route, update.attributes);
            stale_.erase(route);
        }
    }

    void on(end_of_rib marker) {
        insist(std::ranges::count(ended_, marker.family) == 0);
        ended_.push_back(marker.family);
    }

    void on(const wire::route_refresh& marker) {
        const auto family = net::family_of(marker.afi, marker.safi).value();
        if (marker.subtype == wire::refresh_subtype::begin) {
            insist(std::ranges::count(ended_, family) == 1); // RFC 7313 §4
            insist(refreshing_.insert(family).second);
            for (const auto& [prefix, attributes] : routes_)
                if (prefix.family() == family)
                    stale_.insert(prefix);
            return;
        }
        insist(marker.subtype == wire::refresh_subtype::end);
        insist(refreshing_.erase(family) == 1);
        // RFC 7313 §4: what was not repeated would be dropped now, so all must have been.
        for (const auto& prefix : stale_)
            insist(prefix.family() != family);
    }

    table routes_;
    std::set<net::ip_prefix> stale_;
    std::set<net::address_family> refreshing_;
    std::vector<net::address_family> ended_;
};

} // namespace herald::bgp::test
