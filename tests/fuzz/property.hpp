#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace herald::fuzz {

using bytes = std::vector<std::uint8_t>;

/// What must hold for every input; where it does not, libFuzzer keeps the input.
inline void require(bool holds) {
    if (!holds)
        std::abort();
}

/// The body of a message.
inline std::span<const std::uint8_t> body_of(const bytes& whole) {
    return std::span(whole).subspan(19);
}

} // namespace herald::fuzz
