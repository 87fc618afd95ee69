#pragma once

#include "herald/config/configuration.hpp"
#include "herald/daemon/background_calls.hpp"

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
        : read_(std::move(read))
        , calls_(std::move(executor)) {}

    /// Calls `tell` on the executor, never from within.
    void ask(reader tell);

private:
    void begin();
    void end(config::load_result loaded);

    reading read_;
    std::deque<reader> waiting_; // for the first the file is being read
    background_calls calls_;
};

} // namespace herald::daemon
