#include "herald/wire/nlri.hpp"

namespace herald::wire {

bool is_nlri(octets bytes, net::address_family family) {
    const auto longest = net::max_prefix_length(family);
    while (!bytes.empty()) {
        const auto length = bytes.front();
        const auto size = 1 + net::octets_of_prefix(length);
        if (length > longest || size > bytes.size())
            return false;
        bytes = bytes.subspan(size);
    }
    return true;
}

void read_nlri(octets bytes, net::address_family family, std::vector<net::ip_prefix>& to) {
    while (!bytes.empty()) {
        const auto length = bytes.front();
        const auto size = net::octets_of_prefix(length);
        to.emplace_back(family, bytes.subspan(1, size), length);
        bytes = bytes.subspan(1 + size);
    }
}

} // namespace herald::wire
