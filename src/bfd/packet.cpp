#include "herald/bfd/packet.hpp"

#include <numeric>
#include <optional>

namespace herald::bfd {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t mandatory_size = 24;
constexpr std::size_t least_authentication = 2; // its type and length

/// The flags beside the state in the second octet.
constexpr std::uint8_t poll = 0x20;
constexpr std::uint8_t final = 0x10;
constexpr std::uint8_t control_plane_independent = 0x08;
constexpr std::uint8_t authentication_present = 0x04;
constexpr std::uint8_t demand = 0x02;
constexpr std::uint8_t multipoint = 0x01;

std::uint32_t number(octets of, std::size_t at) {
    return wire::reader(of.subspan(at)).read<std::uint32_t>().value_or(0);
}

/// What is wrong with the packet's frame; none: it is as long as its Length says.
std::optional<discard> refuse_frame(octets datagram) {
    if (datagram.size() < mandatory_size)
        return discard::truncated;
    if (datagram[0] >> 5U != version)
        return discard::version;
    const bool authenticated = (datagram[1] & authentication_present) != 0;
    const std::size_t length = datagram[3];
    if (length < mandatory_size + (authenticated ? least_authentication : 0))
        return discard::length;
    if (length > datagram.size())
        return discard::truncated;
    return std::nullopt;
}

std::optional<discard> refuse(const control_packet& packet, std::uint8_t flags) {
    if (packet.multiplier == 0)
        return discard::multiplier;
    if ((flags & multipoint) != 0)
        return discard::multipoint;
    if (packet.mine == 0)
        return discard::my_discriminator;
    if (packet.yours == 0 && packet.state > session_state::down)
        return discard::your_discriminator;
    return std::nullopt;
}

std::uint8_t flag(bool set, std::uint8_t which) {
    return set ? which : std::uint8_t{0};
}

void write_interval(wire::writer& out, std::chrono::microseconds interval) {
    out.write(static_cast<std::uint32_t>(interval.count()));
}

} // namespace

std::string_view to_string(session_state state) {
    switch (state) {
    case session_state::admin_down: return "AdminDown";
    case session_state::down: return "Down";
    case session_state::init: return "Init";
    case session_state::up: return "Up";
    }
    return "";
}

std::string_view to_string(diagnostic why) {
    switch (why) {
    case diagnostic::none: return "No Diagnostic";
    case diagnostic::detection_time_expired: return "Control Detection Time Expired";
    case diagnostic::echo_failed: return "Echo Function Failed";
    case diagnostic::neighbor_signaled_down: return "Neighbor Signaled Session Down";
    case diagnostic::forwarding_plane_reset: return "Forwarding Plane Reset";
    case diagnostic::path_down: return "Path Down";
    case diagnostic::concatenated_path_down: return "Concatenated Path Down";
    case diagnostic::administratively_down: return "Administratively Down";
    case diagnostic::reverse_concatenated_path_down: return "Reverse Concatenated Path Down";
    }
    return "Reserved";
}

std::string_view to_string(discard why) {
    switch (why) {
    case discard::hop_limit: return "hop limit";
    case discard::version: return "version";
    case discard::length: return "length";
    case discard::truncated: return "truncated";
    case discard::multiplier: return "multiplier";
    case discard::multipoint: return "multipoint";
    case discard::my_discriminator: return "my discriminator";
    case discard::your_discriminator: return "your discriminator";
    case discard::unknown_session: return "unknown session";
    case discard::authentication_unexpected: return "authentication unexpected";
    case discard::authentication_missing: return "authentication missing";
    case discard::authentication_type: return "authentication type";
    case discard::authentication_length: return "authentication length";
    case discard::authentication_key: return "authentication key";
    case discard::authentication_digest: return "authentication digest";
    case discard::authentication_sequence: return "authentication sequence";
    case discard::administratively_down: return "administratively down";
    }
    return "";
}

std::uint64_t discard_counters::total() const {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::expected<received_packet, discard> decode(octets datagram) {
    if (const auto why = refuse_frame(datagram))
        return std::unexpected(*why);
    const auto whole = datagram.first(datagram[3]);
    const auto flags = whole[1];
    const control_packet packet{session_state{static_cast<std::uint8_t>(flags >> 6U)},
                                bfd::diagnostic{static_cast<std::uint8_t>(whole[0] & 0x1FU)},
                                (flags & poll) != 0,
                                (flags & final) != 0,
                                (flags & control_plane_independent) != 0,
                                (flags & demand) != 0,
                                whole[2],
                                number(whole, 4),
                                number(whole, 8),
                                std::chrono::microseconds{number(whole, 12)},
                                std::chrono::microseconds{number(whole, 16)},
                                std::chrono::microseconds{number(whole, 20)}};
    if (const auto why = refuse(packet, flags))
        return std::unexpected(*why);
    const bool authenticated = (flags & authentication_present) != 0;
    return received_packet{packet, authenticated ? whole.subspan(mandatory_size) : octets(), whole};
}

std::vector<std::uint8_t> encode(const control_packet& packet) {
    std::vector<std::uint8_t> encoded;
    encoded.reserve(2 * mandatory_size + 4); // authentication has room
    wire::writer out(encoded);
    out.write(
        static_cast<std::uint8_t>((version << 5U) | static_cast<unsigned>(packet.diagnostic)));
    out.write(static_cast<std::uint8_t>(
        (static_cast<unsigned>(packet.state) << 6U) | flag(packet.poll, poll) |
        flag(packet.final, final) |
        flag(packet.control_plane_independent, control_plane_independent) |
        flag(packet.demand, demand)));
    out.write(packet.multiplier);
    out.write(std::uint8_t{mandatory_size});
    out.write(packet.mine);
    out.write(packet.yours);
    write_interval(out, packet.desired_min_tx);
    write_interval(out, packet.required_min_rx);
    write_interval(out, packet.required_min_echo_rx);
    return encoded;
}

} // namespace herald::bfd
