#pragma once

#include "herald/control/answers.hpp"
#include "herald/control/event_view.hpp"
#include "herald/control/measurements.hpp"
#include "herald/control/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace herald::control {

/// Why the daemon refused: what kind of refusal, and a line for people.
struct refusal {
    enum class kind : std::uint8_t {
        not_found, // no such neighbor, service …
        invalid,   // the request makes no sense
        conflict,  // it makes none for what it is about: a report to a check that is run
        failed,    // it could not be done: the disk is full …
    };
    kind type = kind::failed;
    std::string detail;
};

struct drain_request {
    std::vector<std::string> services; // empty: all
    std::string reason;
    std::optional<std::chrono::milliseconds> duration; // --for
    bool now = false;
    std::string by; // who asks
    friend bool operator==(const drain_request&, const drain_request&) = default;
};

/// The operator's hand on one session.
struct neighbor_request {
    enum class action : std::uint8_t { shutdown, enable, reset, refresh };
    action what = action::reset;
    std::string neighbor;
    std::string reason; // of a shutdown
    friend bool operator==(const neighbor_request&, const neighbor_request&) = default;
};

struct report_request {
    std::string service;
    std::string check;
    std::string result;                           // "pass", "degraded" or "fail"
    std::optional<std::chrono::milliseconds> ttl; // else the check's own
    std::string output;
    friend bool operator==(const report_request&, const report_request&) = default;
};

template <typename Value>
using reply_to = std::function<void(std::expected<Value, refusal>)>;
using done = reply_to<void>;

/// What the control socket can ask of the daemon. The daemon implements it; all calls are made on
/// its one thread.
class operations {
public:
    virtual ~operations() = default;

    virtual status_view status() const = 0;
    /// Routes of one neighbor, or of all where `neighbor` is empty.
    virtual std::vector<route_view> routes(const std::string& neighbor) const = 0;
    virtual const measurements& measured() const = 0;
    /// The last ones, oldest first.
    virtual std::vector<event_view> recent_events() const = 0;

    /// Why neighbors hear a prefix or not: of the service that announces this prefix, or the
    /// smallest one that holds this address or prefix.
    virtual std::expected<explain_view, refusal> explain(const std::string& prefix) const = 0;

    /// `reply` is called once the drain is on disk, or refused; maybe before this returns.
    virtual void drain(drain_request request, done reply) = 0;
    /// `services` empty: all.
    virtual void undrain(std::vector<std::string> services, done reply) = 0;
    virtual std::expected<void, refusal> change_neighbor(const neighbor_request& request) = 0;
    /// Applies the configuration file, or with `dry_run` only tells what that would change.
    virtual void reload(bool dry_run, reply_to<reload_view> reply) = 0;
    /// "trace" … "error".
    virtual std::expected<void, refusal> set_log_level(const std::string& level) = 0;
    /// Starts the program anew without withdrawing from neighbors that keep the routes meanwhile.
    /// `reply` is called before, once it is known that the new start would not fail for its
    /// configuration.
    virtual void restart(done reply) = 0;
    /// Clients cannot be taken: out of descriptors, say. Once until one is taken again.
    virtual void cannot_accept(const std::string& why) = 0;
    /// The result of a push check, which may change what is announced before this returns.
    virtual std::expected<void, refusal> report(const report_request& request) = 0;
    /// A reader of events that did not keep up was cut.
    virtual void reader_dropped() = 0;
};

} // namespace herald::control
