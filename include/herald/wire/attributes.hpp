#pragma once

#include "herald/net/as_number.hpp"
#include "herald/net/community.hpp"

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <vector>

namespace herald::wire {

/// Path attribute type codes.
enum class attribute_type : std::uint8_t {
    origin = 1,
    as_path = 2,
    next_hop = 3,
    multi_exit_disc = 4,
    local_pref = 5,
    atomic_aggregate = 6,
    aggregator = 7,
    communities = 8,
    originator_id = 9,
    cluster_list = 10,
    mp_reach_nlri = 14,
    mp_unreach_nlri = 15,
    extended_communities = 16,
    as4_path = 17,
    as4_aggregator = 18,
    large_communities = 32,
    only_to_customer = 35,
};

namespace attribute_flag { // RFC 4271 §4.3
inline constexpr std::uint8_t optional = 0x80, transitive = 0x40, partial = 0x20, extended = 0x10;
}

enum class origin : std::uint8_t { igp = 0, egp = 1, incomplete = 2 };

/// One segment of an AS_PATH, RFC 4271 §4.3, RFC 5065.
struct as_segment {
    enum class kind : std::uint8_t { set = 1, sequence = 2, confed_sequence = 3, confed_set = 4 };
    kind type = kind::sequence;
    std::vector<net::as_number> numbers;
    friend bool operator==(const as_segment&, const as_segment&) = default;
};
using as_path = std::vector<as_segment>;

struct aggregator {
    net::as_number as = 0;
    std::uint32_t identifier = 0;
    friend bool operator==(const aggregator&, const aggregator&) = default;
};

/// The next hop of a route; over IPv6 on a shared link also its link-local address, RFC 2545 §3.
struct next_hop {
    boost::asio::ip::address global;
    std::optional<boost::asio::ip::address_v6> link_local;
    friend bool operator==(const next_hop&, const next_hop&) = default;
};

/// An attribute that herald does not know, as it came.
struct unknown_attribute {
    std::uint8_t flags = 0;
    std::uint8_t type = 0;
    std::vector<std::uint8_t> value;
    friend bool operator==(const unknown_attribute&, const unknown_attribute&) = default;
};

/// What a route carries beside its prefix. A value: routes with equal attributes share an UPDATE.
struct path_attributes {
    std::optional<wire::origin> origin;
    std::optional<as_path> path;
    std::optional<wire::next_hop> next_hop;
    std::optional<std::uint32_t> med;
    std::optional<std::uint32_t> local_pref;
    bool atomic_aggregate = false;
    std::optional<wire::aggregator> aggregator;
    std::vector<net::community> communities;
    std::optional<std::uint32_t> originator_id;
    std::vector<std::uint32_t> cluster_list;
    std::vector<net::extended_community> extended_communities;
    std::vector<net::large_community> large_communities;
    std::optional<net::as_number> only_to_customer;
    std::vector<unknown_attribute> unknown;

    friend bool operator==(const path_attributes&, const path_attributes&) = default;
};

} // namespace herald::wire
