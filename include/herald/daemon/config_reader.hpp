#pragma once

#include "herald/config/configuration.hpp"
#include "herald/http/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <functional>

namespace herald::daemon {

/// Reads the configuration on a thread of its own, since the file, and those with passwords, may
/// take as long as the disk likes. One reading begins when the one before it was dealt with: who
/// asks last gets what is read last.
class config_reader {
public:
    using reading = std::function<config::load_result()>;
    using reader = std::function<void(config::load_result)>;

    /// `read` is called on the other thread.
    config_reader(boost::asio::any_io_executor executor, reading read)
        : executor_(std::move(executor))
        , read_(std::move(read)) {}

    /// Calls `tell` on the executor, never from within.
    void ask(reader tell);

private:
    void begin();
    void end(config::load_result loaded);

    boost::asio::any_io_executor executor_;
    reading read_;
    std::deque<reader> waiting_;  // for the first the file is being read
    http::worker_pool thread_{1}; // as one reading is under way at a time
};

} // namespace herald::daemon
