#include "herald/daemon/service_manager.hpp"

#include "herald/daemon/log.hpp"

#include <cstdlib>
#include <dlfcn.h>
#include <systemd/sd-daemon.h>

namespace herald::daemon {

namespace {

/// libsystemd and the libraries that it brings would cost every start a millisecond and every
/// daemon a megabyte: it is loaded only where there is a service manager to talk to.
decltype(&sd_notify) load_notify() {
    void* library = dlopen("libsystemd.so.0", RTLD_NOW);
    void* function = library == nullptr ? nullptr : dlsym(library, "sd_notify");
    if (function == nullptr)
        log(log_level::warning, "service_manager",
            "the service manager cannot be told of our state: libsystemd.so.0 cannot be loaded");
    return reinterpret_cast<decltype(&sd_notify)>(function);
}

} // namespace

void notify_service_manager(const std::string& state) {
    if (std::getenv("NOTIFY_SOCKET") == nullptr)
        return;
    static const auto notify = load_notify();
    if (notify != nullptr)
        notify(0, state.c_str());
}

} // namespace herald::daemon
