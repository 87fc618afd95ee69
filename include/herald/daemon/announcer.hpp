#pragma once

#include "herald/daemon/managed_service.hpp"
#include "herald/peering/speaker.hpp"

#include <memory>
#include <vector>

namespace herald::daemon {

/// Whether this neighbor is to hear that service.
bool hears(const peering::neighbor_settings& neighbor, const service::service_settings& service);

/// Tells every neighbor that hears `service` what it is to hear of it now, and sends it in this
/// turn of the loop. Desired state: saying it twice changes nothing.
void announce(const managed_service& service, peering::speaker& speaker);

/// Tells every neighbor all that it is to hear, and nothing else, and sends the difference.
void announce_all(const std::vector<std::unique_ptr<managed_service>>& services,
                  peering::speaker& speaker);

/// Lets End-of-RIB go to neighbors whose services have all settled; to all of them with
/// `regardless` (RFC 4724 §2: it must not be held back for ever).
void complete_settled(const std::vector<std::unique_ptr<managed_service>>& services,
                      peering::speaker& speaker, bool regardless);

} // namespace herald::daemon
