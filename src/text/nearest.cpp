#include "herald/text/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace herald::text {

namespace {

/// How many characters must be put in, taken out or replaced, Levenshtein's distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

} // namespace

std::optional<std::string_view> nearest(std::string_view text,
                                        std::span<const std::string_view> candidates) {
    constexpr std::size_t longest = 32; // no key and no command is as long
    if (text.size() > longest)
        return std::nullopt;
    std::optional<std::string_view> best;
    // Two swapped characters are a distance of two.
    auto least = std::max<std::size_t>(text.size() / 3, text.size() < 4 ? 1 : 2) + 1;
    for (const auto candidate : candidates) {
        const auto distance = edit_distance(text, candidate);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

} // namespace herald::text
