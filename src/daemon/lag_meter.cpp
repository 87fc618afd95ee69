#include "herald/daemon/lag_meter.hpp"

namespace herald::daemon {

namespace {

/// Each look wakes an idle daemon.
constexpr std::chrono::seconds interval{5};

} // namespace

void lag_meter::start() {
    timer_.expires_after(interval);
    timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped)
            return;
        tell_(std::chrono::steady_clock::now() - timer_.expiry());
        start();
    });
}

} // namespace herald::daemon
