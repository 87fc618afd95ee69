#include "herald/fleet/etcd_json.hpp"
#include "property.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Any octets are a reply that is read, or refused with a reason.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace herald::fleet;
    constexpr unsigned ok = 200;
    const std::string_view content(reinterpret_cast<const char*>(data), size);
    const auto reply = read_reply(ok, content);
    if (!reply) {
        herald::fuzz::require(!reply.error().why.empty() || content.contains("error"));
        return 0;
    }
    const auto explained = [](const auto& read) {
        herald::fuzz::require(read.has_value() || !read.error().empty());
    };
    explained(read_header(*reply));
    explained(read_range(*reply));
    explained(read_outcome(*reply, 1));
    explained(read_grant(*reply));
    explained(read_kept_alive(*reply));
    explained(read_token(*reply));
    const auto events = read_events(*reply);
    herald::fuzz::require(events.has_value() || !events.error().why.empty());
    const auto created = read_created(*reply);
    herald::fuzz::require(created.has_value() || !reply->contains("created") ||
                          reply->contains("canceled") || !created.error().why.empty());
    return 0;
}
