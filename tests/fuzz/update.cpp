// UPDATE: what is decoded is encoded to messages that are without fault and are decoded to the
// same. Input: what was negotiated, as bits, then the body.

#include "herald/wire/update.hpp"

#include "property.hpp"

#include <algorithm>
#include <cstddef>

using namespace herald::wire;
using herald::fuzz::body_of;
using herald::fuzz::bytes;
using herald::fuzz::require;
using herald::net::address_family;
using herald::net::ip_prefix;

namespace {

update_format format_of(std::uint8_t bits) {
    return {.four_octet_as = (bits & 1U) == 0,
            .internal = (bits & 2U) != 0,
            .extended_next_hop = (bits & 4U) != 0,
            .max_size = (bits & 8U) != 0 ? 65535U : 4096U};
}

std::vector<ip_prefix> of_family(const std::vector<ip_prefix>& all, address_family family) {
    std::vector<ip_prefix> result;
    std::ranges::copy_if(all, std::back_inserter(result),
                         [=](const auto& each) { return each.family() == family; });
    return result;
}

bool is_confederation(const as_segment& segment) {
    return segment.type == as_segment::kind::confed_sequence ||
           segment.type == as_segment::kind::confed_set;
}

/// Unknown attributes in the order in which they are sent. Of a confederation's segments AS4_PATH
/// cannot tell where they stood, so with two-octet AS numbers such a path is left out.
path_attributes comparable(path_attributes attributes, const update_format& format) {
    std::ranges::sort(attributes.unknown, {}, &unknown_attribute::type);
    if (!format.four_octet_as && attributes.path &&
        std::ranges::any_of(*attributes.path, is_confederation))
        attributes.path.reset();
    return attributes;
}

update_message decode_sent(const bytes& whole, const update_format& format) {
    require(whole.size() <= format.max_size);
    const auto checked = check_update(body_of(whole), format);
    require(checked && checked->malformations.empty());
    return decode_update(*checked, format);
}

void announce_again(const path_attributes& attributes, std::span<const ip_prefix> prefixes,
                    const update_format& format) {
    while (!prefixes.empty()) {
        const auto [whole, count] = encode_announcement(attributes, prefixes, format);
        if (count == 0)
            return; // the attributes leave no room
        auto again = decode_sent(whole, format);
        require(again.withdrawn.empty());
        require(std::ranges::equal(again.announced, prefixes.first(count)));
        const bool has_path = comparable(attributes, format).path.has_value();
        if (!has_path)
            again.attributes.path.reset();
        require(comparable(again.attributes, format) == comparable(attributes, format));
        prefixes = prefixes.subspan(count);
    }
}

void withdraw_again(std::span<const ip_prefix> prefixes, const update_format& format) {
    while (!prefixes.empty()) {
        const auto [whole, count] = encode_withdrawal(prefixes, format);
        require(count > 0);
        const auto again = decode_sent(whole, format);
        require(again.announced.empty() && again.attributes == path_attributes{});
        require(std::ranges::equal(again.withdrawn, prefixes.first(count)));
        prefixes = prefixes.subspan(count);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const auto format = format_of(data[0]);
    const auto checked = check_update({data + 1, size - 1}, format);
    if (!checked)
        return 0;
    const auto message = decode_update(*checked, format);
    if (checked->end_of_rib())
        require(message == update_message{});
    if (checked->outcome == disposition::treat_as_withdraw)
        require(message.announced.empty() && message.attributes == path_attributes{});
    for (const auto family : herald::net::all_families)
        withdraw_again(of_family(message.withdrawn, family), format);

    // The next hop is that of one family: with both announced, the other's is not known.
    const auto ipv4 = of_family(message.announced, address_family::ipv4);
    const auto ipv6 = of_family(message.announced, address_family::ipv6);
    if (ipv4.empty() != ipv6.empty())
        announce_again(message.attributes, ipv4.empty() ? ipv6 : ipv4, format);
    return 0;
}
