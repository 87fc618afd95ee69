#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace herald::text {

/// The one of `candidates` that `text` is but for a slip of the keyboard; none if there is none.
std::optional<std::string_view> nearest(std::string_view text,
                                        std::span<const std::string_view> candidates);

} // namespace herald::text
