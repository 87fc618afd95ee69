#include "herald/bgp/rib_out.hpp"

#include "herald/wire/messages.hpp"
#include "herald/wire/update.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace herald::bgp {

namespace {

using wire::refresh_subtype;

std::vector<std::uint8_t> route_refresh(net::address_family family, refresh_subtype subtype) {
    return wire::encode(wire::route_refresh{net::afi(family), subtype, net::safi_unicast});
}

/// The markers of a family, which are the same for all neighbors.
struct markers {
    explicit markers(net::address_family family)
        : end_of_rib(wire::encode_end_of_rib(family))
        , begin_of_refresh(route_refresh(family, refresh_subtype::begin))
        , end_of_refresh(route_refresh(family, refresh_subtype::end)) {}

    std::vector<std::uint8_t> end_of_rib;
    std::vector<std::uint8_t> begin_of_refresh;
    std::vector<std::uint8_t> end_of_refresh;
};

const markers& markers_of(net::address_family family) {
    static const markers ipv4(net::address_family::ipv4);
    static const markers ipv6(net::address_family::ipv6);
    return family == net::address_family::ipv4 ? ipv4 : ipv6;
}

} // namespace

void rib_out::session_up(net::family_set families) {
    session_down();
    for (const auto family : net::all_families)
        if (families.contains(family))
            feed(family).session_up();
}

void rib_out::session_down() {
    ipv4_.session_down();
    ipv6_.session_down();
    plan_.clear();
    begun_marker_.reset();
}

void rib_out::resume(net::address_family family, const feed_snapshot& left,
                     const wire::update_format& format) {
    feed(family).resume(left, format);
}

void rib_out::join(net::address_family family, std::shared_ptr<export_group> group) {
    feed(family).join(std::move(group));
}

void rib_out::leave(net::address_family family) {
    feed(family).leave();
}

void rib_out::owe_end_of_rib() {
    ipv4_.owe_end_of_rib();
    ipv6_.owe_end_of_rib();
}

bool rib_out::is_end_of_rib_sent(net::address_family family) const {
    return feed(family).is_end_of_rib_sent();
}

void rib_out::resend(net::address_family family, bool enhanced) {
    feed(family).resend(enhanced);
}

bool rib_out::has_message() const {
    return begun_marker_ || ipv4_.is_due() || ipv6_.is_due();
}

void rib_out::gather(std::vector<wire::octets>& into, std::size_t limit) {
    plan(limit);
    for (const auto& planned : plan_)
        into.push_back(planned.octets);
}

void rib_out::plan(std::size_t limit) {
    plan_.clear();
    planned_ = 0;
    ipv4_.prepare();
    ipv6_.prepare();
    plan_begun_message();
    if (ipv4_.is_held() || ipv6_.is_held())
        return;
    plan_routes(limit);
    if (ipv4_.is_exhausted() && ipv6_.is_exhausted())
        plan_ends(limit);
}

void rib_out::plan_begun_message() {
    if (begun_marker_)
        plan_.push_back(*begun_marker_);
    for (const auto family : net::all_families)
        add(family, content::routes, feed(family).take_rest_of_message());
}

void rib_out::plan_routes(std::size_t limit) {
    const auto room = [&] { return limit - std::min(limit, planned_); };
    for (const auto family : net::all_families)
        add(family, content::routes, feed(family).take_withdrawals(room()));
    for (const auto family : net::all_families)
        if (feed(family).is_begin_of_refresh_due() && room() > 0)
            add(family, content::begin_of_refresh, markers_of(family).begin_of_refresh);
    for (const auto family : net::all_families)
        add(family, content::routes, feed(family).take_routes(room()));
}

void rib_out::plan_ends(std::size_t limit) {
    using enum family_feed::end_marker;
    for (const auto family : net::all_families) {
        const auto due = planned_ < limit ? feed(family).end_due() : none;
        if (due == of_rib)
            add(family, content::end_of_rib, markers_of(family).end_of_rib);
        if (due == of_refresh)
            add(family, content::end_of_refresh, markers_of(family).end_of_refresh);
    }
}

void rib_out::add(net::address_family family, content what, wire::octets octets) {
    if (octets.empty())
        return;
    plan_.push_back({family, what, octets});
    planned_ += octets.size();
}

rib_out::completed rib_out::wrote(std::size_t count) {
    completed done;
    for (const auto& each : plan_) {
        const auto part = std::min(count, each.octets.size());
        if (part == 0)
            break;
        count -= part;
        if (each.what == content::routes)
            done.updates += feed(each.family).wrote_routes(part);
        else
            wrote_marker(each, part, done);
    }
    plan_.clear();
    return done;
}

/// A marker is in force once its first octet is written.
void rib_out::wrote_marker(piece marker, std::size_t count, completed& done) {
    auto& to = feed(marker.family);
    if (!std::exchange(marker.begun, true)) {
        if (marker.what == content::begin_of_refresh)
            to.wrote_begin_of_refresh();
        else
            to.wrote_end(marker.what == content::end_of_rib ? family_feed::end_marker::of_rib
                                                            : family_feed::end_marker::of_refresh);
    }
    begun_marker_.reset();
    if (count < marker.octets.size()) {
        marker.octets = marker.octets.subspan(count);
        begun_marker_ = marker;
    } else {
        ++(marker.what == content::end_of_rib ? done.updates : done.refreshes);
    }
}

/// Never more than one message is begun.
wire::octets rib_out::rest() const {
    if (begun_marker_)
        return begun_marker_->octets;
    const auto ipv4 = ipv4_.rest();
    return ipv4.empty() ? ipv6_.rest() : ipv4;
}

rib_out::completed rib_out::completed_by_rest() const {
    if (rest().empty())
        return {};
    const bool is_update = !begun_marker_ || begun_marker_->what == content::end_of_rib;
    return is_update ? completed{1, 0} : completed{0, 1};
}

std::optional<std::vector<std::uint8_t>> rib_out::next_message() {
    plan(1);
    if (plan_.empty())
        return std::nullopt;
    const auto message = plan_.front().octets;
    std::vector<std::uint8_t> copy(message.begin(), message.end());
    wrote(copy.size());
    return copy;
}

std::vector<rib_out::route> rib_out::advertised() const {
    std::vector<route> routes;
    ipv4_.append_advertised(routes);
    ipv6_.append_advertised(routes);
    return routes;
}

shared_attributes rib_out::advertised(const net::ip_prefix& prefix) const {
    return feed(prefix.family()).advertised(prefix);
}

std::size_t rib_out::advertised_count(net::address_family family) const {
    return feed(family).advertised_count();
}

std::vector<net::ip_prefix> rib_out::unsendable() const {
    std::vector<net::ip_prefix> prefixes;
    ipv4_.append_unsendable(prefixes);
    ipv6_.append_unsendable(prefixes);
    return prefixes;
}

family_feed& rib_out::feed(net::address_family family) {
    return family == net::address_family::ipv4 ? ipv4_ : ipv6_;
}

const family_feed& rib_out::feed(net::address_family family) const {
    return family == net::address_family::ipv4 ? ipv4_ : ipv6_;
}

} // namespace herald::bgp
