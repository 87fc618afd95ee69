#include "herald/peering/router_advertisement.hpp"

#include <cstddef>

namespace herald::peering {
namespace {

constexpr std::size_t solicitation_size = 8; // without options
constexpr std::size_t advertisement_size = 16;
constexpr std::uint8_t link_layer_source = 1; // an option, RFC 4861 §4.6.1

/// Whether each has a length, and is there as a whole.
bool valid_options(wire::reader options, bool may_have_source) {
    while (!options.empty()) {
        const auto type = options.read<std::uint8_t>();
        const auto length = options.read<std::uint8_t>().value_or(0); // in units of 8 octets
        if (length == 0 || !options.take(length * std::size_t{8} - 2))
            return false;
        if (type == link_layer_source && !may_have_source)
            return false;
    }
    return true;
}

} // namespace

std::optional<router_message> decode(const router_arrival& arrival) {
    wire::reader in(arrival.octets);
    const auto type = in.read<std::uint8_t>();
    const bool solicits = type == solicitation_type;
    if (!solicits && type != advertisement_type)
        return std::nullopt;
    // Less than 255: a router forwarded it, and anyone may have sent it.
    if (arrival.hop_limit != 255 || in.read<std::uint8_t>() != 0) // the code
        return std::nullopt;
    if (!in.take((solicits ? solicitation_size : advertisement_size) - 2))
        return std::nullopt;
    if (!solicits && !arrival.from.is_link_local())
        return std::nullopt;
    if (!valid_options(in, !arrival.from.is_unspecified()))
        return std::nullopt;
    return solicits ? router_message::solicitation : router_message::advertisement;
}

boost::asio::ip::address_v6 group_of(router_message message) {
    using boost::asio::ip::make_address_v6;
    return make_address_v6(message == router_message::solicitation ? "ff02::2" : "ff02::1");
}

/// Beyond type and code all is 0: "unspecified", where it is not the lifetime.
std::vector<std::uint8_t> encode(router_message message) {
    const bool solicits = message == router_message::solicitation;
    std::vector<std::uint8_t> made(solicits ? solicitation_size : advertisement_size);
    made.front() = solicits ? solicitation_type : advertisement_type;
    return made;
}

} // namespace herald::peering
