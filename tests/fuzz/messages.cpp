// NOTIFICATION, KEEPALIVE and ROUTE-REFRESH: what is decoded is encoded to the same, and what is
// shown of it is harmless. Input: which of them, then the body.

#include "herald/wire/messages.hpp"

#include "herald/text/harmless.hpp"
#include "herald/wire/framer.hpp"
#include "property.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

using namespace herald::wire;
using herald::fuzz::body_of;
using herald::fuzz::require;

namespace {

void try_notification(octets body) {
    const auto decoded = decode_notification(body);
    require(decoded.has_value() == (body.size() >= 2));
    if (!decoded)
        return;
    const auto text = shutdown_text(*decoded);
    require(text.size() <= 255 && herald::text::is_harmless(text));
    require(!describe(*decoded).empty());
    const auto encoded = encode(*decoded);
    require(encoded.size() <= max_message_size);
    require(std::ranges::equal(body_of(encoded),
                               body.first(std::min(body.size(), body_of(encoded).size()))));
}

void try_route_refresh(octets body) {
    const auto decoded = decode_route_refresh(body);
    if (!decoded)
        return;
    const auto encoded = encode(*decoded);
    require(std::ranges::equal(body_of(encoded), body.first(4)));
    require(decode_route_refresh(body_of(encoded)) == decoded);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const octets body(data + 1, size - 1);
    switch (data[0] % 3) {
    case 0: try_notification(body); break;
    case 1: try_route_refresh(body); break;
    case 2: require(decode_keepalive(body).has_value() == body.empty()); break;
    }
    return 0;
}
