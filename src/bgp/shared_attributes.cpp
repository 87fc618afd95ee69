#include "herald/bgp/shared_attributes.hpp"

namespace herald::bgp {

namespace {

void mix(std::size_t& hash, std::uint64_t value) {
    hash = (hash ^ static_cast<std::size_t>(value)) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
}

} // namespace

bool same_value(const shared_attributes& a, const shared_attributes& b) {
    return a == b || (a && b && *a == *b);
}

/// Over what tells herald's routes apart; the rest is left to the comparison.
std::size_t attributes_hash::operator()(const wire::path_attributes* attributes) const {
    std::size_t hash = 0;
    mix(hash, attributes->med.value_or(0));
    mix(hash, attributes->local_pref.value_or(0));
    if (attributes->path)
        for (const auto& segment : *attributes->path)
            mix(hash, segment.numbers.size());
    for (const auto community : attributes->communities)
        mix(hash, static_cast<std::uint64_t>(community));
    for (const auto community : attributes->extended_communities)
        mix(hash, static_cast<std::uint64_t>(community));
    for (const auto& community : attributes->large_communities) {
        mix(hash, community.administrator);
        mix(hash, (std::uint64_t{community.data_1} << 32U) | community.data_2);
    }
    return hash;
}

} // namespace herald::bgp
