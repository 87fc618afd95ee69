#include "herald/wire/attribute_table.hpp"
#include "herald/wire/nlri.hpp"
#include "herald/wire/update.hpp"

#include <algorithm>
#include <bitset>

namespace herald::wire {
namespace {

using findings = std::expected<void, notification>;

std::unexpected<notification> reset(std::uint8_t subcode, octets data = {}) {
    return std::unexpected(
        notification{error_code::update_message, subcode, {data.begin(), data.end()}});
}

bool is_mp(std::uint8_t type) {
    return type == static_cast<std::uint8_t>(attribute_type::mp_reach_nlri) ||
           type == static_cast<std::uint8_t>(attribute_type::mp_unreach_nlri);
}

/// What RFC 4271 §6.3 sends with a subcode: the attribute, save for a malformed AS_PATH.
octets data_for(std::uint8_t subcode, const raw_attribute& attribute) {
    return subcode == update_error::as_path || subcode == update_error::attribute_list
               ? octets{}
               : attribute.whole;
}

/// Whether a next hop may have this many octets: RFC 4760 §3, RFC 2545 §3, RFC 8950 §3.
bool is_next_hop_size(std::size_t size, net::address_family family) {
    const bool ipv6 = size == 16 || size == 32;
    switch (family) {
    case net::address_family::ipv4: return size == 4 || ipv6;
    case net::address_family::ipv6: return ipv6;
    }
    return false;
}

/// Checks one UPDATE, attribute by attribute.
class checker {
public:
    checker(checked_update& result, const update_format& format)
        : result_(result)
        , format_(format) {}

    findings check_attributes() {
        reader from(result_.attributes);
        while (!from.empty()) {
            const auto attribute = take_attribute(from);
            if (!attribute)
                return check_truncated(from.rest());
            if (auto checked = check_attribute(*attribute); !checked)
                return checked;
        }
        return {};
    }

    /// RFC 7606 §3 d. RFC 4760 §3: NEXT_HOP goes with the NLRI field alone.
    void check_mandatory() {
        if (!reachable())
            return;
        require(attribute_type::origin);
        require(attribute_type::as_path);
        if (!result_.nlri.empty())
            require(attribute_type::next_hop);
        if (format_.internal)
            require(attribute_type::local_pref); // RFC 4271 §5.1.5
    }

    /// RFC 7606 §5.2: with nothing reachable in it, the prefixes to be withdrawn may have been
    /// lost.
    findings check_reachable() const {
        if (result_.outcome != disposition::treat_as_withdraw || reachable())
            return {};
        const auto worst = std::ranges::find(result_.malformations, disposition::treat_as_withdraw,
                                             &malformation::outcome);
        return std::unexpected(worst->error);
    }

private:
    bool reachable() const {
        return !result_.nlri.empty() || (result_.mp_reach && !result_.mp_reach->nlri.empty());
    }

    void note(std::uint8_t type, disposition outcome, std::uint8_t subcode, octets data) {
        result_.outcome = std::max(result_.outcome, outcome); // RFC 7606 §3 h
        result_.malformations.push_back(
            {type, outcome, {error_code::update_message, subcode, {data.begin(), data.end()}}});
    }

    void require(attribute_type attribute) {
        const auto type = static_cast<std::uint8_t>(attribute);
        if (!seen_[type])
            note(type, disposition::treat_as_withdraw, update_error::missing_well_known,
                 octets(&type, 1));
    }

    /// RFC 7606 §4: the list ends within an attribute. If that one holds the prefixes, they cannot
    /// be withdrawn, RFC 7606 §3 j.
    findings check_truncated(octets rest) {
        if (rest.size() > 1 && is_mp(rest[1]))
            return reset(update_error::attribute_list);
        note(0, disposition::treat_as_withdraw, update_error::attribute_list, {});
        return {};
    }

    findings check_attribute(const raw_attribute& attribute) {
        if (seen_[attribute.type]) { // RFC 7606 §3 g
            if (is_mp(attribute.type))
                return reset(update_error::attribute_list);
            note(attribute.type, disposition::attribute_discard, update_error::attribute_list, {});
            return {};
        }
        seen_.set(attribute.type);
        const auto verdict = judge(attribute, format_);
        if (is_mp(attribute.type))
            return check_mp(attribute, verdict);
        if (verdict.outcome != disposition::none)
            note(attribute.type, verdict.outcome, verdict.subcode,
                 data_for(verdict.subcode, attribute));
        return {};
    }

    findings check_mp(const raw_attribute& attribute, const attribute_verdict& verdict) {
        if (verdict.subcode != 0) // RFC 7606 §5.3: flags
            return reset(verdict.subcode, attribute.whole);
        const bool reach =
            attribute.type == static_cast<std::uint8_t>(attribute_type::mp_reach_nlri);
        const bool fine = reach ? check_mp_reach(reader(attribute.value))
                                : check_mp_unreach(reader(attribute.value));
        if (!fine)
            return reset(update_error::optional_attribute, attribute.whole);
        if (reach)
            check_mp_next_hop(*result_.mp_reach, attribute);
        return {};
    }

    /// RFC 7606 §7.11 resets over a wrong length, which hides the prefixes. Behind a next hop of
    /// the right length they were found, so an IPv4 one that is no host's withdraws them, as it
    /// does in NEXT_HOP. IPv6 has no such rule: "::" before a link-local address is seen.
    /// So does an IPv6 next hop of IPv4 prefixes that was not negotiated (RFC 8950 §4): GoBGP 3
    /// sends those over any IPv6 session, and a reset would come again with each new one.
    void check_mp_next_hop(const checked_update::reach& reach, const raw_attribute& attribute) {
        const auto family = net::family_of(reach.afi, reach.safi);
        const bool long_one = reach.next_hop.size() != 4;
        if (family == net::address_family::ipv4 && long_one && !format_.extended_next_hop)
            note(attribute.type, disposition::treat_as_withdraw, update_error::optional_attribute,
                 attribute.whole);
        if (!family || long_one)
            return;
        const auto* rule = find_attribute_rule(static_cast<std::uint8_t>(attribute_type::next_hop));
        if (const auto subcode = rule->validate(reach.next_hop, format_); subcode != 0)
            note(attribute.type, rule->when_malformed, subcode, data_for(subcode, attribute));
    }

    /// RFC 4760 §3, RFC 7606 §5.3, §7.11.
    bool check_mp_reach(reader value) {
        const auto afi = value.read<std::uint16_t>();
        const auto safi = value.read<std::uint8_t>();
        const auto next_hop_size = value.read<std::uint8_t>();
        if (!next_hop_size)
            return false;
        const auto next_hop = value.take(*next_hop_size);
        if (!next_hop || !value.read<std::uint8_t>()) // the reserved octet
            return false;
        const auto family = net::family_of(*afi, *safi);
        if (family &&
            (!is_next_hop_size(next_hop->size(), *family) || !is_nlri(value.rest(), *family)))
            return false;
        result_.mp_reach = checked_update::reach{*afi, *safi, *next_hop, value.rest()};
        return true;
    }

    /// RFC 4760 §4, RFC 7606 §5.3.
    bool check_mp_unreach(reader value) {
        const auto afi = value.read<std::uint16_t>();
        const auto safi = afi ? value.read<std::uint8_t>() : std::nullopt;
        if (!safi)
            return false;
        const auto family = net::family_of(*afi, *safi);
        if (family && !is_nlri(value.rest(), *family))
            return false;
        result_.mp_unreach = checked_update::unreach{*afi, *safi, value.rest()};
        return true;
    }

    checked_update& result_;
    const update_format& format_;
    std::bitset<256> seen_;
};

/// Finds the three parts of an UPDATE, RFC 4271 §4.3; false when their lengths contradict that of
/// the message, which RFC 7606 §3 b leaves an error.
bool split(octets body, checked_update& result) {
    reader from(body);
    const auto withdrawn_length = from.read<std::uint16_t>();
    const auto withdrawn = from.take(withdrawn_length.value_or(0));
    const auto attributes_length = withdrawn ? from.read<std::uint16_t>() : std::nullopt;
    const auto attributes = from.take(attributes_length.value_or(0));
    if (!withdrawn_length || !attributes_length || !attributes)
        return false;
    result.withdrawn = *withdrawn;
    result.attributes = *attributes;
    result.nlri = from.rest();
    return true;
}

} // namespace

std::optional<net::address_family> checked_update::end_of_rib() const {
    // An MP_UNREACH_NLRI without prefixes has six octets, seven with a length of two; beside it
    // there is no room for another attribute.
    constexpr std::size_t longest_marker = 7;
    if (!withdrawn.empty() || !nlri.empty() || attributes.size() > longest_marker)
        return std::nullopt;
    if (attributes.empty())
        return net::address_family::ipv4;
    if (!mp_unreach || !mp_unreach->withdrawn.empty())
        return std::nullopt;
    return net::family_of(mp_unreach->afi, mp_unreach->safi);
}

std::expected<checked_update, notification> check_update(octets body, const update_format& format) {
    std::expected<checked_update, notification> result;
    if (!split(body, *result))
        return reset(update_error::attribute_list);
    if (!is_nlri(result->withdrawn, net::address_family::ipv4) ||
        !is_nlri(result->nlri, net::address_family::ipv4))
        return reset(update_error::network_field);

    checker check(*result, format);
    if (auto checked = check.check_attributes(); !checked)
        return std::unexpected(std::move(checked.error()));
    check.check_mandatory();
    if (auto checked = check.check_reachable(); !checked)
        return std::unexpected(std::move(checked.error()));
    return result;
}

} // namespace herald::wire
