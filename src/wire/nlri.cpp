#include "herald/wire/nlri.hpp"

namespace herald::wire {
namespace {

std::size_t octets_for(std::uint8_t length) {
    return (length + 7U) / 8U;
}

} // namespace

bool is_nlri(octets bytes, net::address_family family) {
    const auto longest = net::max_prefix_length(family);
    while (!bytes.empty()) {
        const auto length = bytes.front();
        const auto size = 1 + octets_for(length);
        if (length > longest || size > bytes.size())
            return false;
        bytes = bytes.subspan(size);
    }
    return true;
}

void read_nlri(octets bytes, net::address_family family, std::vector<net::ip_prefix>& to) {
    while (!bytes.empty()) {
        const auto length = bytes.front();
        const auto size = octets_for(length);
        to.emplace_back(family, bytes.subspan(1, size), length);
        bytes = bytes.subspan(1 + size);
    }
}

} // namespace herald::wire
