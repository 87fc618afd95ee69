#include "herald/wire/as_path.hpp"
#include "herald/wire/attribute_table.hpp"
#include "herald/wire/framer.hpp"
#include "herald/wire/nlri.hpp"
#include "herald/wire/update.hpp"

#include <algorithm>
#include <utility>

namespace herald::wire {
namespace {

/// Beside the attributes and prefixes: the header and two lengths, RFC 4271 §4.3.
constexpr std::size_t update_overhead = header_size + 2 + 2;

/// The header and value of an attribute; the length takes a second octet only where it must.
void write_attribute(writer& to, std::uint8_t flags, std::uint8_t type, octets value) {
    const bool extended = value.size() > 255;
    to.write(static_cast<std::uint8_t>((flags & ~attribute_flag::extended) |
                                       (extended ? attribute_flag::extended : 0)));
    to.write(type);
    if (extended)
        to.write(static_cast<std::uint16_t>(value.size()));
    else
        to.write(static_cast<std::uint8_t>(value.size()));
    to.write(value);
}

/// The octets that an attribute with a value of `size` takes.
std::size_t attribute_size(std::size_t size) {
    return (size > 255 ? 4 : 3) + size;
}

/// Writes attributes in the order of their types. The known ones are put in ascending order; those
/// that herald does not know are put between them.
class attribute_writer {
public:
    attribute_writer(std::vector<std::uint8_t>& out, std::vector<unknown_attribute> unknown)
        : to_(out)
        , unknown_(std::move(unknown)) {
        std::ranges::sort(unknown_, {}, &unknown_attribute::type);
    }

    void put(attribute_type type, octets value) {
        put_unknown(static_cast<std::uint8_t>(type));
        write_attribute(to_, find_attribute_rule(static_cast<std::uint8_t>(type))->flags,
                        static_cast<std::uint8_t>(type), value);
    }

    template <std::unsigned_integral T>
    void put_number(attribute_type type, T value) {
        value_.clear();
        writer(value_).write(value);
        put(type, value_);
    }

    /// Nothing for an empty list: RFC 7606 §4 does not allow the attribute to be.
    template <std::unsigned_integral T, typename List>
    void put_list(attribute_type type, const List& list) {
        value_.clear();
        writer to(value_);
        for (const auto& each : list)
            to.write(static_cast<T>(each));
        if (!list.empty())
            put(type, value_);
    }

    void put_path(attribute_type type, const as_path& path, std::size_t width) {
        value_.clear();
        writer to(value_);
        write_as_path(to, path, width);
        put(type, value_);
    }

    void put_aggregator(attribute_type type, const aggregator& value, bool four_octets) {
        value_.clear();
        writer to(value_);
        if (four_octets)
            to.write(value.as);
        else
            to.write(static_cast<std::uint16_t>(net::fits_two_octets(value.as) ? value.as
                                                                               : net::as_trans));
        to.write(value.identifier);
        put(type, value_);
    }

    void put_large_communities(const std::vector<net::large_community>& list) {
        value_.clear();
        writer to(value_);
        for (const auto& each : list) {
            to.write(each.administrator);
            to.write(each.data_1);
            to.write(each.data_2);
        }
        if (!list.empty())
            put(attribute_type::large_communities, value_);
    }

    void put_next_hop(const next_hop& hop) {
        const auto bytes = hop.global.to_v4().to_bytes();
        put(attribute_type::next_hop, bytes);
    }

    /// Those of the unknown attributes whose types are less than `limit`.
    void put_unknown(unsigned limit) {
        for (; next_ < unknown_.size() && unknown_[next_].type < limit; ++next_)
            write_attribute(to_, unknown_[next_].flags, unknown_[next_].type,
                            unknown_[next_].value);
    }

private:
    writer to_;
    std::vector<unknown_attribute> unknown_;
    std::size_t next_ = 0;
    std::vector<std::uint8_t> value_;
};

void put_optional_number(attribute_writer& out, attribute_type type,
                         const std::optional<std::uint32_t>& value) {
    if (value)
        out.put_number(type, *value);
}

/// RFC 6793 §4.2.2: what a two-octet speaker is to hand on where it cannot read the numbers.
void put_as4_attributes(attribute_writer& out, const path_attributes& attributes) {
    if (attributes.path && needs_four_octets(*attributes.path))
        out.put_path(attribute_type::as4_path, as4_path_of(*attributes.path), 4);
    if (attributes.aggregator && !net::fits_two_octets(attributes.aggregator->as))
        out.put_aggregator(attribute_type::as4_aggregator, *attributes.aggregator, true);
}

/// All attributes but MP_REACH_NLRI, which comes before them, RFC 7606 §5.1.
std::vector<std::uint8_t> encode_attributes(const path_attributes& attributes, bool with_next_hop,
                                            const update_format& format) {
    std::vector<std::uint8_t> bytes;
    attribute_writer out(bytes, attributes.unknown);
    if (attributes.origin)
        out.put_number(attribute_type::origin, static_cast<std::uint8_t>(*attributes.origin));
    if (attributes.path)
        out.put_path(attribute_type::as_path, *attributes.path, format.four_octet_as ? 4 : 2);
    if (with_next_hop)
        out.put_next_hop(*attributes.next_hop);
    put_optional_number(out, attribute_type::multi_exit_disc, attributes.med);
    put_optional_number(out, attribute_type::local_pref, attributes.local_pref);
    if (attributes.atomic_aggregate)
        out.put(attribute_type::atomic_aggregate, {});
    if (attributes.aggregator)
        out.put_aggregator(attribute_type::aggregator, *attributes.aggregator,
                           format.four_octet_as);
    out.put_list<std::uint32_t>(attribute_type::communities, attributes.communities);
    put_optional_number(out, attribute_type::originator_id, attributes.originator_id);
    out.put_list<std::uint32_t>(attribute_type::cluster_list, attributes.cluster_list);
    out.put_list<std::uint64_t>(attribute_type::extended_communities,
                                attributes.extended_communities);
    if (!format.four_octet_as)
        put_as4_attributes(out, attributes);
    out.put_large_communities(attributes.large_communities);
    put_optional_number(out, attribute_type::only_to_customer, attributes.only_to_customer);
    out.put_unknown(256);
    return bytes;
}

/// How many of the prefixes fit into `space` octets, and how many octets those take.
std::pair<std::size_t, std::size_t> count_fitting(std::span<const net::ip_prefix> prefixes,
                                                  std::size_t space) {
    std::size_t count = 0, used = 0;
    while (count < prefixes.size() && used + nlri_size(prefixes[count]) <= space)
        used += nlri_size(prefixes[count++]);
    return {count, used};
}

/// The space that an attribute whose value begins with `fixed` octets leaves to prefixes when it
/// may take `space` octets in all. Four octets of header allow fewer of them than three, though
/// only where the value has more than 255.
std::size_t nlri_space(std::size_t space, std::size_t fixed) {
    if (space < attribute_size(fixed))
        return 0;
    const auto with_short_header = std::min<std::size_t>(space - 3, 255);
    const auto with_long_header = space - 4;
    return std::max(with_short_header, with_long_header) - fixed;
}

std::size_t space_beside(std::size_t used, const update_format& format) {
    return format.max_size - std::min(format.max_size, update_overhead + used);
}

void write_all(writer& to, std::span<const net::ip_prefix> prefixes) {
    for (const auto& prefix : prefixes)
        write_nlri(to, prefix);
}

/// A whole UPDATE of its three parts.
std::vector<std::uint8_t> compose(octets withdrawn, octets attributes, octets nlri) {
    std::vector<std::uint8_t> out;
    out.reserve(update_overhead + withdrawn.size() + attributes.size() + nlri.size());
    const auto start = begin_message(out, message_type::update);
    writer to(out);
    to.write(static_cast<std::uint16_t>(withdrawn.size()));
    to.write(withdrawn);
    to.write(static_cast<std::uint16_t>(attributes.size()));
    to.write(attributes);
    to.write(nlri);
    finish_message(out, start);
    return out;
}

void write_family(writer& to, net::address_family family) {
    to.write(net::afi(family));
    to.write(net::safi_unicast);
}

/// MP_REACH_NLRI up to where its prefixes begin, RFC 4760 §3, RFC 2545 §3.
std::vector<std::uint8_t> begin_mp_reach(net::address_family family, const next_hop& hop) {
    std::vector<std::uint8_t> value;
    value.reserve(5 + 32);
    writer to(value);
    write_family(to, family);
    const std::uint8_t link_local_size = hop.link_local ? 16 : 0;
    if (hop.global.is_v4()) {
        to.write<std::uint8_t>(4);
        to.write(hop.global.to_v4().to_bytes());
    } else {
        to.write(static_cast<std::uint8_t>(16 + link_local_size));
        to.write(hop.global.to_v6().to_bytes());
        if (hop.link_local)
            to.write(hop.link_local->to_bytes());
    }
    to.write<std::uint8_t>(0); // reserved
    return value;
}

encoded_update encode_plain(const path_attributes& attributes,
                            std::span<const net::ip_prefix> prefixes, const update_format& format) {
    const auto encoded = encode_attributes(attributes, true, format);
    const auto [count, size] = count_fitting(prefixes, space_beside(encoded.size(), format));
    std::vector<std::uint8_t> nlri;
    nlri.reserve(size);
    writer to(nlri);
    write_all(to, prefixes.first(count));
    return {compose({}, encoded, nlri), count};
}

encoded_update encode_multiprotocol(const path_attributes& attributes,
                                    std::span<const net::ip_prefix> prefixes,
                                    const update_format& format) {
    const auto others = encode_attributes(attributes, false, format);
    auto value = begin_mp_reach(prefixes.front().family(), *attributes.next_hop);
    const auto space = nlri_space(space_beside(others.size(), format), value.size());
    const auto count = count_fitting(prefixes, space).first;
    writer to_value(value);
    write_all(to_value, prefixes.first(count));

    std::vector<std::uint8_t> encoded;
    writer to(encoded);
    write_attribute(to, attribute_flag::optional,
                    static_cast<std::uint8_t>(attribute_type::mp_reach_nlri), value);
    to.write(others);
    return {compose({}, encoded, {}), count};
}

std::vector<std::uint8_t> encode_mp_unreach(net::address_family family,
                                            std::span<const net::ip_prefix> prefixes) {
    std::vector<std::uint8_t> value, encoded;
    writer to_value(value);
    write_family(to_value, family);
    write_all(to_value, prefixes);
    writer to(encoded);
    write_attribute(to, attribute_flag::optional,
                    static_cast<std::uint8_t>(attribute_type::mp_unreach_nlri), value);
    return compose({}, encoded, {});
}

} // namespace

encoded_update encode_announcement(const path_attributes& attributes,
                                   std::span<const net::ip_prefix> prefixes,
                                   const update_format& format) {
    const bool plain = prefixes.front().family() == net::address_family::ipv4 &&
                       attributes.next_hop->global.is_v4();
    auto result = plain ? encode_plain(attributes, prefixes, format)
                        : encode_multiprotocol(attributes, prefixes, format);
    if (result.count == 0)
        result.bytes.clear();
    return result;
}

encoded_update encode_withdrawal(std::span<const net::ip_prefix> prefixes,
                                 const update_format& format) {
    const auto family = prefixes.front().family();
    if (family == net::address_family::ipv6) {
        constexpr std::size_t family_size = 3;
        const auto space = nlri_space(space_beside(0, format), family_size);
        const auto count = count_fitting(prefixes, space).first;
        return {encode_mp_unreach(family, prefixes.first(count)), count};
    }
    const auto [count, size] = count_fitting(prefixes, space_beside(0, format));
    std::vector<std::uint8_t> withdrawn;
    withdrawn.reserve(size);
    writer to(withdrawn);
    write_all(to, prefixes.first(count));
    return {compose(withdrawn, {}, {}), count};
}

std::vector<std::uint8_t> encode_end_of_rib(net::address_family family) {
    if (family == net::address_family::ipv4)
        return compose({}, {}, {}); // RFC 4724 §2
    return encode_mp_unreach(family, {});
}

} // namespace herald::wire
