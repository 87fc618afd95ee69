#include "herald/net/community.hpp"

#include "herald/net/as_number.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>

namespace herald::net {
namespace {

struct named_community {
    std::string_view name;
    community value;
};

constexpr std::array well_known{
    named_community{"graceful-shutdown", community::graceful_shutdown},
    named_community{"blackhole", community::blackhole},
    named_community{"no-export", community::no_export},
    named_community{"no-advertise", community::no_advertise},
    named_community{"no-export-subconfed", community::no_export_subconfed},
    named_community{"no-peer", community::no_peer},
};

/// What an extended community's type octet says of its administrator, RFC 4360 §3, RFC 5668.
enum class administrator_kind : std::uint8_t { two_octet_as = 0, ipv4 = 1, four_octet_as = 2 };

constexpr std::uint8_t route_target = 2, site_of_origin = 3; // subtypes, RFC 4360 §4, §5

template <std::unsigned_integral T>
std::optional<T> parse_number(std::string_view text) {
    T value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

/// The parts of `text` between colons; none when there are not exactly `Count`.
template <std::size_t Count>
std::optional<std::array<std::string_view, Count>> split(std::string_view text) {
    std::array<std::string_view, Count> parts;
    for (std::size_t i = 0; i + 1 < Count; ++i) {
        const auto colon = text.find(':');
        if (colon == std::string_view::npos)
            return std::nullopt;
        parts[i] = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    if (text.contains(':'))
        return std::nullopt;
    parts[Count - 1] = text;
    return parts;
}

std::unexpected<std::string> not_a_community() {
    return std::unexpected<std::string>(
        "not a community: expected two numbers up to 65535, such as 64500:100, "
        "or no-export, no-advertise, no-export-subconfed, no-peer, "
        "graceful-shutdown, blackhole");
}

std::unexpected<std::string> not_an_extended_community() {
    return std::unexpected<std::string>(
        "not an extended community: expected rt or soo, an AS number or IPv4 "
        "address and a value, such as rt:65010:100");
}

extended_community compose(administrator_kind kind, std::uint8_t subtype, std::uint64_t rest) {
    return extended_community{(static_cast<std::uint64_t>(kind) << 56U) |
                              (static_cast<std::uint64_t>(subtype) << 48U) | rest};
}

std::string hexadecimal(std::uint64_t value) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "0x";
    for (auto shift = 60; shift >= 0; shift -= 4)
        text += digits[(value >> static_cast<unsigned>(shift)) & 0xFU];
    return text;
}

} // namespace

std::expected<community, std::string> parse_community(std::string_view text) {
    const auto* named = std::ranges::find(well_known, text, &named_community::name);
    if (named != well_known.end())
        return named->value;
    const auto parts = split<2>(text);
    if (!parts)
        return not_a_community();
    const auto upper = parse_number<std::uint16_t>((*parts)[0]);
    const auto lower = parse_number<std::uint16_t>((*parts)[1]);
    if (!upper || !lower)
        return not_a_community();
    return community{(static_cast<std::uint32_t>(*upper) << 16U) | *lower};
}

std::expected<large_community, std::string> parse_large_community(std::string_view text) {
    const auto parts = split<3>(text);
    std::array<std::optional<std::uint32_t>, 3> numbers;
    if (parts)
        std::ranges::transform(*parts, numbers.begin(), parse_number<std::uint32_t>);
    if (!numbers[0] || !numbers[1] || !numbers[2])
        return std::unexpected("not a large community: expected three numbers up to 4294967295, "
                               "such as 65010:1:2");
    return large_community{*numbers[0], *numbers[1], *numbers[2]};
}

std::expected<extended_community, std::string> parse_extended_community(std::string_view text) {
    const auto parts = split<3>(text);
    if (!parts || ((*parts)[0] != "rt" && (*parts)[0] != "soo"))
        return not_an_extended_community();
    const auto subtype = (*parts)[0] == "rt" ? route_target : site_of_origin;
    const auto value = parse_number<std::uint32_t>((*parts)[2]);
    if (!value)
        return not_an_extended_community();

    const auto as = parse_number<as_number>((*parts)[1]);
    if (as && fits_two_octets(*as))
        return compose(administrator_kind::two_octet_as, subtype,
                       (static_cast<std::uint64_t>(*as) << 32U) | *value);
    if (*value > std::numeric_limits<std::uint16_t>::max())
        return std::unexpected("the value of an extended community is at most 65535 after an IPv4 "
                               "address or an AS number over 65535");
    if (as)
        return compose(administrator_kind::four_octet_as, subtype,
                       (static_cast<std::uint64_t>(*as) << 16U) | *value);

    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address_v4(std::string((*parts)[1]), error);
    if (error || (*parts)[1].contains('\0')) // at which Asio would stop
        return not_an_extended_community();
    return compose(administrator_kind::ipv4, subtype,
                   (static_cast<std::uint64_t>(address.to_uint()) << 16U) | *value);
}

std::string to_string(community value) {
    const auto* named = std::ranges::find(well_known, value, &named_community::value);
    if (named != well_known.end())
        return std::string(named->name);
    const auto number = static_cast<std::uint32_t>(value);
    return std::to_string(number >> 16U) + ":" + std::to_string(number & 0xFFFFU);
}

std::string to_string(const large_community& value) {
    return std::to_string(value.administrator) + ":" + std::to_string(value.data_1) + ":" +
           std::to_string(value.data_2);
}

std::string to_string(extended_community value) {
    const auto octets = static_cast<std::uint64_t>(value);
    const auto subtype = (octets >> 48U) & 0xFFU;
    if (subtype != route_target && subtype != site_of_origin)
        return hexadecimal(octets);
    const std::string prefix = subtype == route_target ? "rt:" : "soo:";
    const auto wide = static_cast<std::uint32_t>(octets >> 16U);
    const auto value_of_two_octets = std::to_string(octets & 0xFFFFU);
    switch (static_cast<administrator_kind>(octets >> 56U)) {
    case administrator_kind::two_octet_as:
        return prefix + std::to_string((octets >> 32U) & 0xFFFFU) + ":" +
               std::to_string(octets & 0xFFFFFFFFU);
    case administrator_kind::ipv4:
        return prefix + boost::asio::ip::address_v4(wide).to_string() + ":" + value_of_two_octets;
    case administrator_kind::four_octet_as:
        return prefix + std::to_string(wide) + ":" + value_of_two_octets;
    }
    return hexadecimal(octets);
}

} // namespace herald::net
