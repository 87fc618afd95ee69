#include "herald/wire/as_path.hpp"
#include "herald/wire/attribute_table.hpp"
#include "herald/wire/nlri.hpp"
#include "herald/wire/update.hpp"

#include <algorithm>
#include <bitset>

namespace herald::wire {
namespace {

namespace ip = boost::asio::ip;

/// A number whose place was checked.
template <std::unsigned_integral T>
T number(octets value) {
    return reader(value).read<T>().value_or(0);
}

ip::address_v4 read_v4(octets value) {
    return ip::address_v4(number<std::uint32_t>(value));
}

ip::address_v6 read_v6(octets value) {
    ip::address_v6::bytes_type bytes;
    std::ranges::copy(value.first(bytes.size()), bytes.begin());
    return ip::address_v6(bytes);
}

/// A next hop of 4, 16 or 32 octets.
next_hop read_next_hop(octets value) {
    if (value.size() == 4)
        return {read_v4(value), std::nullopt};
    next_hop result{read_v6(value), std::nullopt};
    if (value.size() == 32)
        result.link_local = read_v6(value.subspan(16));
    return result;
}

aggregator read_aggregator(octets value) {
    reader from(value);
    const auto as = value.size() == 8 ? from.read<std::uint32_t>().value_or(0)
                                      : from.read<std::uint16_t>().value_or(0);
    return {as, from.read<std::uint32_t>().value_or(0)};
}

template <std::unsigned_integral T, typename Value>
void read_list(octets value, std::vector<Value>& to) {
    to.reserve(value.size() / sizeof(T));
    for (; !value.empty(); value = value.subspan(sizeof(T)))
        to.push_back(static_cast<Value>(number<T>(value)));
}

void read_large_communities(octets value, std::vector<net::large_community>& to) {
    for (; !value.empty(); value = value.subspan(12))
        to.push_back({number<std::uint32_t>(value), number<std::uint32_t>(value.subspan(4)),
                      number<std::uint32_t>(value.subspan(8))});
}

/// What two-octet speakers keep beside AS_PATH and AGGREGATOR, RFC 6793.
struct as4_attributes {
    std::optional<as_path> path;
    std::optional<wire::aggregator> aggregator;
};

void keep_unknown(const raw_attribute& attribute, path_attributes& to) {
    // The Extended Length bit belongs to the length, not to the attribute.
    const auto flags = static_cast<std::uint8_t>(attribute.flags & ~attribute_flag::extended);
    to.unknown.push_back({flags, attribute.type, {attribute.value.begin(), attribute.value.end()}});
}

void read_attribute(const raw_attribute& attribute, const update_format& format,
                    path_attributes& to, as4_attributes& as4) {
    const auto value = attribute.value;
    switch (static_cast<attribute_type>(attribute.type)) {
    case attribute_type::origin: to.origin = static_cast<origin>(value[0]); return;
    case attribute_type::as_path:
        to.path = read_as_path(value, format.four_octet_as ? 4 : 2);
        return;
    case attribute_type::next_hop: to.next_hop = read_next_hop(value); return;
    case attribute_type::multi_exit_disc: to.med = number<std::uint32_t>(value); return;
    case attribute_type::local_pref: to.local_pref = number<std::uint32_t>(value); return;
    case attribute_type::atomic_aggregate: to.atomic_aggregate = true; return;
    case attribute_type::aggregator: to.aggregator = read_aggregator(value); return;
    case attribute_type::communities: read_list<std::uint32_t>(value, to.communities); return;
    case attribute_type::originator_id: to.originator_id = number<std::uint32_t>(value); return;
    case attribute_type::cluster_list: read_list<std::uint32_t>(value, to.cluster_list); return;
    case attribute_type::mp_reach_nlri:
    case attribute_type::mp_unreach_nlri: return; // check_update found them
    case attribute_type::extended_communities:
        read_list<std::uint64_t>(value, to.extended_communities);
        return;
    case attribute_type::as4_path: as4.path = read_as_path(value, 4); return;
    case attribute_type::as4_aggregator: as4.aggregator = read_aggregator(value); return;
    case attribute_type::large_communities:
        read_large_communities(value, to.large_communities);
        return;
    case attribute_type::only_to_customer:
        to.only_to_customer = number<std::uint32_t>(value);
        return;
    }
    keep_unknown(attribute, to);
}

/// RFC 6793 §4.2.3.
void merge(path_attributes& attributes, const as4_attributes& as4) {
    const bool reaggregated = attributes.aggregator && attributes.aggregator->as != net::as_trans;
    if (reaggregated && as4.aggregator)
        return; // a two-octet speaker aggregated since: what the others kept is outdated
    if (attributes.aggregator && as4.aggregator)
        attributes.aggregator = as4.aggregator;
    if (attributes.path && as4.path)
        attributes.path = merge_as4_path(*attributes.path, *as4.path);
}

path_attributes read_attributes(octets bytes, const update_format& format) {
    path_attributes result;
    as4_attributes as4;
    std::bitset<256> seen;
    reader from(bytes);
    while (const auto attribute = take_attribute(from)) {
        const bool repeated = seen[attribute->type]; // RFC 7606 §3 g: the first one counts
        seen.set(attribute->type);
        if (!repeated && judge(*attribute, format).outcome == disposition::none)
            read_attribute(*attribute, format, result, as4);
    }
    merge(result, as4);
    return result;
}

} // namespace

update_message decode_update(const checked_update& checked, const update_format& format) {
    update_message result;
    const bool withdraw = checked.outcome == disposition::treat_as_withdraw;
    auto& reachable = withdraw ? result.withdrawn : result.announced;

    read_nlri(checked.withdrawn, net::address_family::ipv4, result.withdrawn);
    if (const auto& unreach = checked.mp_unreach)
        if (const auto family = net::family_of(unreach->afi, unreach->safi))
            read_nlri(unreach->withdrawn, *family, result.withdrawn);
    read_nlri(checked.nlri, net::address_family::ipv4, reachable);
    if (!withdraw)
        result.attributes = read_attributes(checked.attributes, format);
    // NEXT_HOP says nothing of what is in MP_REACH_NLRI, RFC 4760 §3.
    if (checked.nlri.empty())
        result.attributes.next_hop.reset();
    if (const auto& reach = checked.mp_reach)
        if (const auto family = net::family_of(reach->afi, reach->safi)) {
            read_nlri(reach->nlri, *family, reachable);
            if (!withdraw && checked.nlri.empty())
                result.attributes.next_hop = read_next_hop(reach->next_hop);
        }
    return result;
}

} // namespace herald::wire
