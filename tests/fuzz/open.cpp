// OPEN: what is decoded is encoded to something that is decoded to the same. Input: the body.

#include "herald/wire/open.hpp"

#include "property.hpp"

#include <cstddef>

using namespace herald::wire;
using herald::fuzz::body_of;
using herald::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto decoded = decode_open({data, size});
    if (!decoded)
        return 0;
    require(decoded->identifier != 0 && decoded->as() != 0);
    require(decoded->hold_time != 1 && decoded->hold_time != 2);
    require(decode_open(body_of(encode(*decoded))) == decoded);
    return 0;
}
