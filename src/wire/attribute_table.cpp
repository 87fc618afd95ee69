#include "herald/wire/attribute_table.hpp"

#include <algorithm>
#include <array>

namespace herald::wire {
namespace {

using attribute_flag::optional;
using attribute_flag::transitive;
using enum attribute_type;
using enum attribute_scope;

constexpr std::uint8_t well_known = transitive, both = optional | transitive;
constexpr auto discard = disposition::attribute_discard, withdraw = disposition::treat_as_withdraw;

constexpr attribute_length exactly(std::size_t length) {
    return {length, length, 1};
}
/// RFC 7606 §4: only AS_PATH and ATOMIC_AGGREGATE may be empty.
constexpr attribute_length multiple_of(std::size_t unit) {
    return {unit, 65535, unit};
}

std::uint8_t accept(octets, const update_format&) {
    return 0;
}

std::uint8_t validate_origin(octets value, const update_format&) {
    const bool known = value[0] <= static_cast<std::uint8_t>(origin::incomplete);
    return known ? 0 : update_error::invalid_origin; // RFC 7606 §7.1
}

bool is_zero(octets number) {
    return std::ranges::all_of(number, [](auto octet) { return octet == 0; });
}

/// Whether the numbers of a segment hold no AS 0, RFC 7607 §2.
bool has_no_zero(octets numbers, std::size_t width) {
    for (; !numbers.empty(); numbers = numbers.subspan(width))
        if (is_zero(numbers.first(width)))
            return false;
    return true;
}

bool is_confederation(std::uint8_t segment_type) {
    return segment_type == static_cast<std::uint8_t>(as_segment::kind::confed_sequence) ||
           segment_type == static_cast<std::uint8_t>(as_segment::kind::confed_set);
}

/// RFC 7606 §7.2: a known type, at least one number, nothing that overruns or is left over.
bool is_path(octets value, std::size_t width, bool confederation) {
    reader from(value);
    while (!from.empty()) {
        const auto type = *from.read<std::uint8_t>();
        const auto count = from.read<std::uint8_t>();
        const bool known = type == static_cast<std::uint8_t>(as_segment::kind::set) ||
                           type == static_cast<std::uint8_t>(as_segment::kind::sequence) ||
                           (confederation && is_confederation(type));
        if (!known || !count || *count == 0)
            return false;
        const auto numbers = from.take(*count * width);
        if (!numbers || !has_no_zero(*numbers, width))
            return false;
    }
    return true;
}

std::uint8_t validate_as_path(octets value, const update_format& format) {
    // Segments of a confederation come only from inside it, RFC 5065 §5; herald is in none but may
    // be an internal neighbor of a router that is.
    const bool fine = is_path(value, format.four_octet_as ? 4 : 2, format.internal);
    return fine ? 0 : update_error::as_path;
}

std::uint8_t validate_next_hop(octets value, const update_format&) {
    // RFC 4271 §6.3: the address of a host. Not "this" network, multicast or reserved (RFC 1122
    // §3.2.1.3); loopback it may be, for two speakers on one host.
    const bool host = value[0] != 0 && value[0] < 224;
    return host ? 0 : update_error::invalid_next_hop;
}

std::uint8_t validate_aggregator(octets value, const update_format& format) {
    const std::size_t width = format.four_octet_as ? 4 : 2;
    if (value.size() != width + 4)
        return update_error::attribute_length;
    return is_zero(value.first(width)) ? update_error::optional_attribute : 0; // RFC 7607 §2
}

std::uint8_t validate_as4_path(octets value, const update_format&) {
    return is_path(value, 4, true) ? 0 : update_error::optional_attribute; // RFC 6793 §6
}

std::uint8_t validate_as4_aggregator(octets value, const update_format&) {
    return is_zero(value.first(4)) ? update_error::optional_attribute : 0; // RFC 7607 §2
}

constexpr auto rules = std::to_array<attribute_rule>({
    {origin, "ORIGIN", well_known, any, exactly(1), withdraw, validate_origin},
    {as_path, "AS_PATH", well_known, any, {}, withdraw, validate_as_path},
    {next_hop, "NEXT_HOP", well_known, any, exactly(4), withdraw, validate_next_hop},
    {multi_exit_disc, "MULTI_EXIT_DISC", optional, any, exactly(4), withdraw, accept},
    {local_pref, "LOCAL_PREF", well_known, internal, exactly(4), withdraw, accept},
    {atomic_aggregate, "ATOMIC_AGGREGATE", well_known, any, exactly(0), discard, accept},
    {aggregator, "AGGREGATOR", both, any, {6, 8, 2}, discard, validate_aggregator},
    {communities, "COMMUNITIES", both, any, multiple_of(4), withdraw, accept},
    {originator_id, "ORIGINATOR_ID", optional, internal, exactly(4), withdraw, accept},
    {cluster_list, "CLUSTER_LIST", optional, internal, multiple_of(4), withdraw, accept},
    {mp_reach_nlri, "MP_REACH_NLRI", optional, any, {}, withdraw, accept},
    {mp_unreach_nlri, "MP_UNREACH_NLRI", optional, any, {}, withdraw, accept},
    {extended_communities, "EXTENDED_COMMUNITIES", both, any, multiple_of(8), withdraw, accept},
    {as4_path, "AS4_PATH", both, two_octet, multiple_of(2), discard, validate_as4_path},
    {as4_aggregator, "AS4_AGGREGATOR", both, two_octet, exactly(8), discard,
     validate_as4_aggregator},
    {large_communities, "LARGE_COMMUNITY", both, any, multiple_of(12), withdraw, accept},
    {only_to_customer, "OTC", both, any, exactly(4), withdraw, accept},
});

constexpr std::uint8_t no_rule = 255;

/// The place in `rules` of each type.
constexpr auto places = [] {
    std::array<std::uint8_t, 256> result{};
    result.fill(no_rule);
    for (std::size_t i = 0; i < rules.size(); ++i)
        result[static_cast<std::size_t>(rules[i].type)] = static_cast<std::uint8_t>(i);
    return result;
}();

bool is_in_scope(attribute_scope scope, const update_format& format) {
    switch (scope) {
    case any: return true;
    case internal: return format.internal;
    case two_octet: return !format.four_octet_as;
    }
    return true;
}

} // namespace

const attribute_rule* find_attribute_rule(std::uint8_t type) {
    const auto place = places[type];
    return place == no_rule ? nullptr : &rules[place];
}

std::optional<raw_attribute> take_attribute(reader& from) {
    auto rest = from;
    const auto flags = rest.read<std::uint8_t>();
    const auto type = rest.read<std::uint8_t>();
    if (!type)
        return std::nullopt;
    const bool extended = (*flags & attribute_flag::extended) != 0;
    const auto length = extended ? rest.read<std::uint16_t>()
                                 : std::optional<std::uint16_t>(rest.read<std::uint8_t>());
    if (!length)
        return std::nullopt;
    const auto value = rest.take(*length);
    if (!value)
        return std::nullopt;
    const auto whole = from.rest().first(from.size() - rest.size());
    from = rest;
    return raw_attribute{*flags, *type, *value, whole};
}

attribute_verdict judge(const raw_attribute& attribute, const update_format& format) {
    const auto* rule = find_attribute_rule(attribute.type);
    if (rule == nullptr) {
        // RFC 4271 §6.3 would reset the session over a well-known attribute that is not known. A
        // node that wants no routes is better off without this one.
        if ((attribute.flags & optional) == 0)
            return {update_error::unknown_well_known, withdraw};
        return {};
    }
    if (!is_in_scope(rule->scope, format))
        return {update_error::optional_attribute, discard};
    if (((attribute.flags ^ rule->flags) & both) != 0) // RFC 7606 §3 c
        return {update_error::attribute_flags, withdraw};
    if (!rule->length.allows(attribute.value.size()))
        return {update_error::attribute_length, rule->when_malformed};
    const auto subcode = rule->validate(attribute.value, format);
    return {subcode, subcode == 0 ? disposition::none : rule->when_malformed};
}

} // namespace herald::wire
