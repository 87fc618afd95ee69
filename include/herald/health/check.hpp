#pragma once

#include "herald/health/check_settings.hpp"
#include "herald/health/probe_result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace herald::health {

/// A check's present standing, for status and explain.
struct check_status {
    std::optional<verdict> settled;
    std::optional<probe_result> last;
    std::uint64_t runs = 0;
    std::chrono::steady_clock::time_point last_run;    // when the last run ended
    std::chrono::steady_clock::time_point last_change; // when the settled verdict changed
    /// When the run that is going on ends at the latest, or else the next one begins.
    std::optional<std::chrono::steady_clock::time_point> due;
    friend bool operator==(const check_status&, const check_status&) = default;
};

/// A check between two runs, or without the run that is going on.
struct check_snapshot {
    check_status status; // `due` is when the next run begins; of a run that goes on, now
    hysteresis_snapshot results;
    // Of a push check:
    std::chrono::milliseconds ttl{0};
    std::chrono::steady_clock::time_point until; // the last report counts
    unsigned lapses = 0;                         // since then
    friend bool operator==(const check_snapshot&, const check_snapshot&) = default;
};

/// The result of a push check, as it was told.
struct check_report {
    verdict outcome = verdict::fail;
    std::optional<std::chrono::milliseconds> ttl; // else the check's own
    std::string output;                           // its last line is kept
};

class check_loop;

/// Runs one check over and over: splayed at start, never two runs at once, at `interval` (or
/// `fast_interval` while results disagree with the settled verdict) measured from start to start,
/// without drift; a run still going at `timeout` is ended and has failed. Destroying it ends a run
/// and reaps its child. A push check runs nothing: its results are reported, and it fails each time
/// that none was for as long as the last one counts.
class check {
public:
    /// Called on the executor after each run; `changed` when the settled verdict did.
    using observer = std::function<void(const check& self, bool changed)>;

    check(const boost::asio::any_io_executor& executor, check_settings settings,
          observer on_result);
    ~check();
    check(const check&) = delete;
    check& operator=(const check&) = delete;

    /// Begins after a random part of the interval (at most 1 s).
    void start();

    /// Begins where another one was, with the same settings.
    void resume(const check_snapshot& from);
    check_snapshot snapshot() const;

    /// Ends the run that goes on, which counts for nothing, and begins none until release(): that
    /// one's then, at once.
    void hold();
    void release();

    /// Takes a push check's result; false where it is no push check.
    bool report(const check_report& result);

    const check_settings& settings() const;
    const check_status& status() const;

private:
    std::shared_ptr<check_loop> loop_;
};

} // namespace herald::health
