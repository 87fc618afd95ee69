#pragma once

#include "herald/daemon/inheritance.hpp"
#include "herald/daemon/memory_file.hpp"
#include "herald/daemon/rehearsal.hpp"
#include "herald/health/child_process.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::daemon {

/// The descriptors of a program that rehearses: what it would inherit, and where it reports.
inline constexpr int rehearsed_state = 3;
inline constexpr int rehearsed_report = 4;

/// A restart that is tried first: `heraldd --check`, by the program that is on disk by now, reads
/// the configuration that the new start will read, and what it will inherit, see rehearse().
class restart_trial : public std::enable_shared_from_this<restart_trial> {
public:
    /// What the program reports: it would start. Else a line for people, the last that it printed.
    using outcome = std::function<void(std::expected<rehearsal_report, std::string>)>;

    struct start {
        std::string program;
        std::string config_file;
        std::string state; // to_json(inheritance)
        std::string proof; // that stands in it
    };
    /// `tell` is called once, maybe before this returns.
    static void begin(const boost::asio::any_io_executor& executor, const start& what,
                      outcome tell);

    restart_trial(const boost::asio::any_io_executor& executor, std::string proof,
                  memory_file state, memory_file report, outcome tell);

private:
    void watch(const std::string& program, std::shared_ptr<health::child_process> child);
    std::expected<rehearsal_report, std::string> read_report(const std::string& program) const;
    void end(std::expected<rehearsal_report, std::string> how);

    boost::asio::steady_timer deadline_;
    std::string proof_;
    memory_file state_;
    memory_file report_;
    outcome tell_;
    std::shared_ptr<health::child_process> child_;
};

/// Whether this process was started by a restart_trial.
bool is_rehearsal();

/// The file of this program. Asked for at the start: an upgrade puts another in its place.
std::string program_file();

/// Starts `program` in place of this one, with these arguments; its process id stays. It is given
/// what is left to it, if anything is. Returns only with an error, as a line for people; all is as
/// it was then.
std::string start_anew(const std::string& program, const std::vector<std::string>& arguments,
                       const inheritance* left = nullptr);

/// When the program that this one took the place of began its restart; none after any other start.
/// Asked for once: the environment no longer says it afterwards.
std::optional<std::chrono::steady_clock::time_point> read_restart_time();

/// What the program that this one took the place of has left, without error; likewise asked for
/// once, and before this program has descriptors of its own: where it cannot be read, those that
/// were left are closed.
std::expected<std::optional<inheritance>, std::string> take_inheritance();

} // namespace herald::daemon
