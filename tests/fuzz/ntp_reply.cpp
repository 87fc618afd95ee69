#include "herald/health/ntp_message.hpp"
#include "property.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

/// Any octets are a reply that is judged, or none; one that passes is a synchronised server's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace herald::health;
    constexpr std::uint64_t asked = 0x0123456789abcdef;
    const std::span<const std::uint8_t> packet(data, size);
    const auto judged = judge_ntp_reply({"", 123, 10}, asked, packet);
    if (!judged)
        return 0;
    herald::fuzz::require(size >= ntp_packet_size && !judged->output.empty());
    if (judged->outcome == verdict::pass)
        herald::fuzz::require(packet[0] >> 6U != 3 && packet[1] >= 1 && packet[1] <= 10);
    return 0;
}
