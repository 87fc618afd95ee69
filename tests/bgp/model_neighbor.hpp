#pragma once

#include "tests/bgp/rib_support.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <set>
#include <variant>
#include <vector>

namespace herald::bgp::test {

using table = std::map<net::ip_prefix, wire::path_attributes>;

/// A neighbor that keeps what it hears, and complains of what is not needed.
class model_neighbor {
public:
    bool strict = true; // no refreshes were asked for: nothing may come twice

    void session_up(const wire::update_format& format) { *this = model_neighbor(format, strict); }

    void hear(const std::vector<std::uint8_t>& message) {
        std::visit([this](const auto& what) { on(what); }, read(message, format_));
    }

    const table& routes() const { return routes_; }
    bool in_refresh() const { return !stale_.empty() || refreshing_.size() > 0; }
    const std::vector<net::address_family>& ended() const { return ended_; }

    model_neighbor() = default;

private:
    model_neighbor(const wire::update_format& format, bool is_strict)
        : strict(is_strict)
        , format_(format) {}

    void on(const wire::update_message& update) {
        // RFC 7606 §5.1: one of the fields is filled.
        REQUIRE(update.withdrawn.empty() != update.announced.empty());
        for (const auto& gone : update.withdrawn) {
            REQUIRE(routes_.erase(gone) == 1);
            stale_.erase(gone);
        }
        for (const auto& route : update.announced) {
            const auto known = routes_.find(route);
            if (strict)
                REQUIRE_FALSE((known != routes_.end() && known->second == update.attributes));
            routes_.insert_or_assign(route, update.attributes);
            stale_.erase(route);
        }
    }

    void on(end_of_rib marker) {
        REQUIRE(std::ranges::count(ended_, marker.family) == 0);
        ended_.push_back(marker.family);
    }

    void on(const wire::route_refresh& marker) {
        const auto family = net::family_of(marker.afi, marker.safi).value();
        if (marker.subtype == wire::refresh_subtype::begin) {
            REQUIRE(std::ranges::count(ended_, family) == 1); // RFC 7313 §4
            REQUIRE(refreshing_.insert(family).second);
            for (const auto& [prefix, attributes] : routes_)
                if (prefix.family() == family)
                    stale_.insert(prefix);
            return;
        }
        REQUIRE(marker.subtype == wire::refresh_subtype::end);
        REQUIRE(refreshing_.erase(family) == 1);
        // RFC 7313 §4: what was not repeated would be dropped now, so all must have been.
        for (const auto& prefix : stale_)
            REQUIRE(prefix.family() != family);
    }

    wire::update_format format_;
    table routes_;
    std::set<net::ip_prefix> stale_;
    std::set<net::address_family> refreshing_;
    std::vector<net::address_family> ended_;
};

} // namespace herald::bgp::test
