#include "herald/bgp/adj_rib_out.hpp"

#include <utility>

namespace herald::bgp {

void adj_rib_out::want(const net::ip_prefix& prefix, shared_attributes attributes) {
    rib(prefix.family()).want(prefix, std::move(attributes));
}

void adj_rib_out::unwant(const net::ip_prefix& prefix) {
    rib(prefix.family()).unwant(prefix);
}

void adj_rib_out::session_up(net::family_set families, const wire::update_format& format) {
    session_down();
    for (const auto family : net::all_families)
        if (families.contains(family))
            rib(family).session_up(format);
}

void adj_rib_out::session_down() {
    ipv4_.session_down();
    ipv6_.session_down();
}

void adj_rib_out::owe_end_of_rib() {
    ipv4_.owe_end_of_rib();
    ipv6_.owe_end_of_rib();
}

void adj_rib_out::resend(net::address_family family, bool enhanced) {
    rib(family).resend(enhanced);
}

bool adj_rib_out::has_message() const {
    return ipv4_.has_message() || ipv6_.has_message();
}

std::optional<std::vector<std::uint8_t>> adj_rib_out::next_message() {
    for (const auto next :
         {&family_rib_out::next_withdrawal, &family_rib_out::next_begin_of_refresh,
          &family_rib_out::next_announcement, &family_rib_out::next_end})
        for (const auto family : net::all_families)
            if (auto message = (rib(family).*next)())
                return message;
    return std::nullopt;
}

std::vector<adj_rib_out::route> adj_rib_out::advertised() const {
    std::vector<route> routes;
    ipv4_.append_advertised(routes);
    ipv6_.append_advertised(routes);
    return routes;
}

shared_attributes adj_rib_out::advertised(const net::ip_prefix& prefix) const {
    return rib(prefix.family()).advertised(prefix);
}

std::size_t adj_rib_out::advertised_count(net::address_family family) const {
    return rib(family).advertised_count();
}

std::vector<net::ip_prefix> adj_rib_out::unsendable() const {
    std::vector<net::ip_prefix> prefixes;
    ipv4_.append_unsendable(prefixes);
    ipv6_.append_unsendable(prefixes);
    return prefixes;
}

family_rib_out& adj_rib_out::rib(net::address_family family) {
    return family == net::address_family::ipv4 ? ipv4_ : ipv6_;
}

const family_rib_out& adj_rib_out::rib(net::address_family family) const {
    return family == net::address_family::ipv4 ? ipv4_ : ipv6_;
}

} // namespace herald::bgp
