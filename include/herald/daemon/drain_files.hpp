#pragma once

#include "herald/daemon/managed_service.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <vector>

namespace herald::daemon {

/// Drains each service while its drain file exists. The files are looked for twice a second: that
/// also sees what is mounted, and directories and symbolic links that come and go, which inotify
/// does not, and costs 5 µs each time. Without drain files nothing is done.
class drain_files {
public:
    static constexpr std::chrono::milliseconds interval{500};

    drain_files(const boost::asio::any_io_executor& executor,
                const std::vector<std::unique_ptr<managed_service>>& services)
        : services_(services)
        , timer_(executor) {}

    /// Looks, now and from now on. Also when the services have changed.
    void start();
    void stop();

private:
    void look(managed_service& service);
    void look_again();

    const std::vector<std::unique_ptr<managed_service>>& services_;
    boost::asio::steady_timer timer_;
    bool running_ = false;
};

} // namespace herald::daemon
