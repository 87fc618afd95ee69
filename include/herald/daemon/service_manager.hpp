#pragma once

#include <string>

namespace herald::daemon {

/// Tells the service manager, where there is one ($NOTIFY_SOCKET), in the form of sd_notify(3):
/// "READY=1", "STOPPING=1", "STATUS=…".
void notify_service_manager(const std::string& state);

} // namespace herald::daemon
