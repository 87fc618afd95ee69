#include "herald/health/ntp_message.hpp"

#include <fmt/format.h>

namespace herald::health {

namespace {

// RFC 5905 §7.3
constexpr unsigned version = 4;
constexpr unsigned mode_client = 3;
constexpr unsigned mode_server = 4;
constexpr unsigned leap_unsynchronised = 3;
constexpr unsigned unsynchronised_stratum = 16;
constexpr std::size_t reference_at = 12;
constexpr std::size_t originate_at = 24;
constexpr std::size_t transmit_at = 40;

std::uint64_t timestamp(std::span<const std::uint8_t> packet, std::size_t at) {
    std::uint64_t value = 0;
    for (const auto octet : packet.subspan(at, 8))
        value = value << 8U | octet;
    return value;
}

/// Four letters in the place of the reference id, RFC 5905 §7.4; empty where there are none.
std::string kiss_code(std::span<const std::uint8_t> packet) {
    std::string code;
    for (const auto octet : packet.subspan(reference_at, 4)) {
        if (octet < 'A' || octet > 'Z')
            return {};
        code += static_cast<char>(octet);
    }
    return code;
}

/// What is wrong with a reply to our request; empty where nothing is.
std::string fault(std::span<const std::uint8_t> packet, unsigned max_stratum) {
    const unsigned leap = packet[0] >> 6U;
    const unsigned stratum = packet[1];
    if (stratum == 0) {
        const auto code = kiss_code(packet);
        return code.empty() ? "not synchronised: its stratum is 0"
                            : fmt::format("kiss-o'-death {}", code);
    }
    if (leap == leap_unsynchronised)
        return "not synchronised: its leap indicator is 3";
    if (stratum >= unsynchronised_stratum)
        return fmt::format("not synchronised: its stratum is {}", stratum);
    if (stratum > max_stratum)
        return fmt::format("its stratum is {}, more than {}", stratum, max_stratum);
    if (timestamp(packet, transmit_at) == 0)
        return "it does not say what time it is";
    return {};
}

} // namespace

std::array<std::uint8_t, ntp_packet_size> ntp_request(std::uint64_t transmit) {
    std::array<std::uint8_t, ntp_packet_size> packet{};
    packet[0] = version << 3U | mode_client;
    for (std::size_t i = 0; i < 8; ++i)
        packet[transmit_at + i] = static_cast<std::uint8_t>(transmit >> (56U - 8U * i));
    return packet;
}

std::optional<probe_result> judge_ntp_reply(const ntp_settings& settings, std::uint64_t transmit,
                                            std::span<const std::uint8_t> packet) {
    if (packet.size() < ntp_packet_size || (packet[0] & 0x07U) != mode_server ||
        (packet[0] >> 3U & 0x07U) != version || timestamp(packet, originate_at) != transmit)
        return std::nullopt;
    probe_result result;
    result.output = fault(packet, settings.max_stratum);
    if (!result.output.empty())
        return result;
    result.outcome = verdict::pass;
    result.output = fmt::format("stratum {}", packet[1]);
    return result;
}

} // namespace herald::health
