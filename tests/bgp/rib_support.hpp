#pragma once

#include "herald/bgp/export_group.hpp"
#include "herald/bgp/rib_out.hpp"
#include "herald/wire/framer.hpp"
#include "herald/wire/messages.hpp"
#include "tests/bgp/model_neighbor.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What a neighbor reads of the messages of a rib_out.
namespace herald::bgp::test {

inline constexpr auto ipv4 = net::address_family::ipv4;
inline constexpr auto ipv6 = net::address_family::ipv6;

inline heard read(const std::vector<std::uint8_t>& message, const wire::update_format& format) {
    REQUIRE(message.size() <= format.max_size);
    wire::framer framer;
    framer.allow_extended_messages();
    for (auto rest = std::span(message); !rest.empty();) {
        const auto room = framer.prepare();
        const auto count = std::min(room.size(), rest.size());
        std::ranges::copy(rest.first(count), room.begin());
        framer.commit(count);
        rest = rest.subspan(count);
    }
    const auto frame = framer.next();
    REQUIRE(frame.has_value());
    REQUIRE(frame->has_value());
    REQUIRE((*frame)->body.size() + wire::header_size == message.size());
    if ((*frame)->type == wire::message_type::route_refresh)
        return wire::decode_route_refresh((*frame)->body).value();
    REQUIRE((*frame)->type == wire::message_type::update);
    return read_update((*frame)->body, format);
}

/// A rib_out with export_groups of its own, which know what is wanted also between sessions.
class lone_rib_out : public rib_out {
public:
    void want(const net::ip_prefix& prefix, const shared_attributes& attributes) {
        wanted_[prefix] = attributes;
        if (const auto group = groups_.find(prefix.family()); group != groups_.end())
            group->second->want(prefix, attributes);
    }

    void unwant(const net::ip_prefix& prefix) {
        wanted_.erase(prefix);
        if (const auto group = groups_.find(prefix.family()); group != groups_.end())
            group->second->unwant(prefix);
    }

    void session_up(net::family_set families, const wire::update_format& format) {
        rib_out::session_up(families);
        for (const auto family : net::all_families) {
            groups_[family] = std::make_shared<export_group>(family, format);
            join(family, groups_[family]);
        }
        for (const auto& [prefix, attributes] : wanted_)
            groups_[prefix.family()]->want(prefix, attributes);
    }

private:
    std::map<net::ip_prefix, shared_attributes> wanted_;
    std::map<net::address_family, std::shared_ptr<export_group>> groups_;
};

/// All messages until nothing is due.
template <typename Rib>
std::vector<heard> read_all(Rib& rib, const wire::update_format& format) {
    std::vector<heard> all;
    while (const auto message = rib.next_message())
        all.push_back(read(*message, format));
    REQUIRE_FALSE(rib.has_message());
    return all;
}

inline net::ip_prefix prefix(std::string_view text) {
    return net::ip_prefix::parse(text).value();
}

using messages = std::vector<heard>;
using prefixes = std::vector<net::ip_prefix>;

inline const wire::update_format plain;
inline const auto a = prefix("192.0.2.0/24");
inline const auto b = prefix("198.51.100.0/24");
inline const auto c = prefix("203.0.113.0/24");
inline const auto v6 = prefix("2001:db8:53::/48");

inline wire::update_message announced(prefixes routes, const shared_attributes& with) {
    return {{}, std::move(routes), *with};
}

inline wire::update_message withdrawn(prefixes routes) {
    return {std::move(routes), {}, {}};
}

/// Attributes of an eBGP route with this MED, new with every call.
inline shared_attributes attributes(std::uint32_t med, std::string_view next_hop = "192.0.2.1") {
    wire::path_attributes made;
    made.origin = wire::origin::igp;
    made.path = wire::as_path{{wire::as_segment::kind::sequence, {65010}}};
    made.next_hop = wire::next_hop{boost::asio::ip::make_address(next_hop), std::nullopt};
    made.med = med;
    return std::make_shared<const wire::path_attributes>(std::move(made));
}

/// Attributes that leave no room in 4096 octets.
inline shared_attributes too_large_attributes(std::uint32_t med) {
    auto made = *attributes(med);
    for (std::uint32_t i = 0; i < 1020; ++i)
        made.communities.push_back(net::community{i});
    return std::make_shared<const wire::path_attributes>(std::move(made));
}

/// The `index`th of the prefixes of this length from 10.0.0.0 on.
inline net::ip_prefix numbered(std::uint32_t index, std::uint8_t length) {
    const auto address = 0x0A000000 + (index << (32U - length));
    return {ipv4, boost::asio::ip::address_v4(address).to_bytes(), length};
}

} // namespace herald::bgp::test
