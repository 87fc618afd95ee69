#pragma once

#include "herald/daemon/managed_service.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <vector>

namespace herald::daemon {

/// Drains each service while its drain file exists. The files' directories are watched by
/// inotify(7); while one cannot be, as when it does not exist, the files are looked for twice a
/// second. Without drain files nothing is done.
class drain_files {
public:
    drain_files(const boost::asio::any_io_executor& executor,
                const std::vector<std::unique_ptr<managed_service>>& services);

    /// Looks, now and from now on. Also when the services have changed.
    void start();
    void stop();

private:
    void open_watches();
    bool watch(const managed_service& service);
    void look(managed_service& service);
    void look_at_all();
    void await_change();

    const std::vector<std::unique_ptr<managed_service>>& services_;
    boost::asio::posix::stream_descriptor watches_;
    boost::asio::steady_timer timer_;
    bool running_ = false;
};

} // namespace herald::daemon
