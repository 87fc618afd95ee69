#include "herald/daemon/service_manager.hpp"

#include <systemd/sd-daemon.h>

namespace herald::daemon {

void notify_service_manager(const std::string& state) { sd_notify(0, state.c_str()); }

} // namespace herald::daemon
