#pragma once

#include "herald/control/control_settings.hpp"
#include "herald/health/child_process.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace herald::daemon {

/// A restart that is tried first: `heraldd --check`, by the program that is on disk by now, reads
/// the configuration that the new start will read, and looks at this host, see try_host().
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

/// Whether this process was started by a config_trial.
bool is_trial();

/// What else than the configuration can keep a start from succeeding: the group of the control
/// socket, and the state directory, in which a file comes and goes. The error is a line for people.
std::expected<void, std::string> try_host(const control::control_settings& control,
                                          const std::filesystem::path& state);

/// The file of this program. Asked for at the start: an upgrade puts another in its place.
std::string program_file();

/// Starts `program` in place of this one, with these arguments; its process id stays. Returns only
/// with an error, as a line for people. The new start learns of it from its environment.
std::string start_anew(const std::string& program, char** arguments);

/// When the program that this one took the place of began its restart; none after any other start.
/// Asked for once: the environment no longer says it afterwards.
std::optional<std::chrono::steady_clock::time_point> read_restart_time();

} // namespace herald::daemon
