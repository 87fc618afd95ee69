#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <expected>
#include <functional>
#include <string>

namespace herald::daemon {

/// SIGTERM, SIGINT and SIGHUP are only read from now on, by `signals`: they stay blocked in this
/// thread, in those that it starts and over an exec, where they wait for the new program. So none
/// is lost, whenever it comes.
void block_signals();

/// Whether a SIGTERM or SIGINT waits to be read.
bool stop_is_asked_for();

/// Reads what block_signals() keeps.
class signals {
public:
    using observer = std::function<void(int signal)>;

    signals(const boost::asio::any_io_executor& executor, observer tell)
        : descriptor_(executor)
        , tell_(std::move(tell)) {}

    /// The error is a line for people.
    std::expected<void, std::string> start();
    /// What comes from now on waits for the next program, or for stop_is_asked_for().
    void stop();

private:
    void await();

    boost::asio::posix::stream_descriptor descriptor_; // signalfd(2)
    observer tell_;
};

} // namespace herald::daemon
