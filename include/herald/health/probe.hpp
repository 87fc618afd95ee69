#pragma once

#include "herald/health/check_settings.hpp"
#include "herald/health/probe_result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

namespace herald::health {

/// One run of a probe that is under way. Destroying it ends the run: its handler is not called
/// any more, and what it holds (a child, a socket) is given back.
class probe_run {
public:
    probe_run() = default;
    virtual ~probe_run() = default;
    probe_run(const probe_run&) = delete;
    probe_run& operator=(const probe_run&) = delete;

    /// What it was at, for the operator who sees it time out: the last line of a program's output,
    /// "connecting" …; empty when there is nothing to say. Printable, at most 1024 octets.
    virtual std::string progress() const = 0;
};

/// Called once, on the executor; may destroy the run. Without the duration, which the runner takes.
using probe_handler = std::function<void(probe_result)>;

/// How one kind of check is run. It outlives its runs; two of them never overlap, except that
/// what an ended run left behind may still be on its way out.
class probe {
public:
    probe() = default;
    virtual ~probe() = default;
    probe(const probe&) = delete;
    probe& operator=(const probe&) = delete;

    /// Begins a run; `done` is not called before this returns.
    virtual std::unique_ptr<probe_run> start(probe_handler done) = 0;
};

/// Null for a push check, which is told its results.
std::unique_ptr<probe> make_probe(boost::asio::any_io_executor executor,
                                  const probe_settings& settings);

} // namespace herald::health
