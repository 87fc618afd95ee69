#pragma once

#include "herald/health/child_process.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace herald::daemon {

/// A restart that is tried first: `heraldd --check`, by the program that is on disk by now, reads
/// the configuration that the new start will read.
class config_trial : public std::enable_shared_from_this<config_trial> {
public:
    /// Without an error the program would start; else a line for people, the last that it printed.
    using outcome = std::function<void(std::expected<void, std::string>)>;

    /// `tell` is called once, maybe before this returns.
    static void begin(const boost::asio::any_io_executor& executor, const std::string& program,
                      const std::string& config_file, outcome tell);

    config_trial(const boost::asio::any_io_executor& executor, outcome tell)
        : deadline_(executor)
        , tell_(std::move(tell)) {}

private:
    void watch(const std::string& program, std::shared_ptr<health::child_process> child);
    void end(std::expected<void, std::string> how);

    boost::asio::steady_timer deadline_;
    outcome tell_;
    std::shared_ptr<health::child_process> child_;
};

/// The file of this program. Asked for at the start: an upgrade puts another in its place.
std::string program_file();

/// Starts `program` in place of this one, with these arguments; its process id stays. Returns only
/// with an error, as a line for people. The new start learns of it from its environment.
std::string start_anew(const std::string& program, char** arguments);

/// When the program that this one took the place of began its restart; none after any other start.
/// Asked for once: the environment no longer says it afterwards.
std::optional<std::chrono::steady_clock::time_point> take_restart_time();

} // namespace herald::daemon
