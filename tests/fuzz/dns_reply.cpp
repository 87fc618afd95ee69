#include "herald/health/dns_message.hpp"
#include "property.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace {

using namespace herald::health;

/// Asks for what replies in the corpus are about: the second octet picks the type.
dns_settings asking(std::uint8_t kind) {
    constexpr std::uint16_t types[]{1, 28, 16, 15, 6, 255, 257, 65280};
    dns_settings settings;
    settings.name = "a.b";
    settings.record = types[kind % 8];
    settings.record_class = kind % 16 < 8 ? 1 : 3;
    settings.expect_answer = kind < 128 ? "" : kind % 8 == 2 ? "x" : "192.0.2.1";
    return settings;
}

} // namespace

/// Any octets are judged; a verdict has a text, and a reply that passes has our id.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::uint16_t id = 0x1234;
    if (size == 0)
        return 0;
    const auto settings = asking(data[0]);
    const std::span<const std::uint8_t> message(data + 1, size - 1);
    const auto judged = judge_dns_reply(settings, id, message);
    if (!judged)
        return 0;
    herald::fuzz::require(message[0] == 0x12 && message[1] == 0x34);
    herald::fuzz::require(!judged->output.empty() && judged->output.size() <= 1024);
    return 0;
}
