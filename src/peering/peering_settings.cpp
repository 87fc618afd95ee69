#include "herald/peering/peering_settings.hpp"

namespace herald::peering {

bool session_goes_on(neighbor_settings now, const neighbor_settings& next) {
    now.description = next.description;
    now.shutdown = next.shutdown;
    now.next_hop = next.next_hop;
    now.next_hop_ipv6 = next.next_hop_ipv6;
    now.policy = next.policy;
    now.bfd = next.bfd;
    now.session.connect_retry = next.session.connect_retry;
    return now == next;
}

} // namespace herald::peering
