// A stream of octets comes out as the same messages and the same fault, however it is cut.
// Input: the size of the pieces, whether extended messages are allowed, then the stream.

#include "herald/wire/framer.hpp"

#include "property.hpp"

#include <algorithm>
#include <cstddef>

using namespace herald::wire;
using herald::fuzz::bytes;
using herald::fuzz::require;

namespace {

struct outcome {
    std::vector<std::pair<message_type, bytes>> messages;
    std::optional<notification> fault;
    friend bool operator==(const outcome&, const outcome&) = default;
};

void drain(framer& frames, outcome& result) {
    auto next = frames.next();
    for (; next && *next; next = frames.next())
        result.messages.emplace_back((*next)->type,
                                     bytes((*next)->body.begin(), (*next)->body.end()));
    if (!next)
        result.fault = next.error();
}

outcome run(octets stream, std::size_t piece, bool extended) {
    framer frames;
    if (extended)
        frames.allow_extended_messages();
    outcome result;
    while (!stream.empty()) {
        const auto space = frames.prepare();
        const auto count = std::min({space.size(), stream.size(), piece});
        require(count > 0);
        std::ranges::copy(stream.first(count), space.begin());
        frames.commit(count);
        stream = stream.subspan(count);
        drain(frames, result);
    }
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const bool extended = (data[1] & 1U) != 0;
    const octets stream(data + 2, size - 2);
    const auto whole = run(stream, stream.size(), extended);
    require(run(stream, 1U + data[0], extended) == whole);
    for (const auto& [type, body] : whole.messages)
        require(body.size() + header_size <=
                (extended ? max_extended_message_size : max_message_size));
    return 0;
}
