#pragma once

#include "herald/control/answers.hpp"
#include "herald/control/event_view.hpp"
#include "herald/control/measurements.hpp"
#include "herald/control/snapshot.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace herald::control {

/// Who asks for something.
struct caller {
    /// As the kernel has it of the process at the other end (SO_PEERCRED); none: nobody asked by
    /// the control socket.
    std::optional<std::uint32_t> uid;
    std::string by; // what they say of themselves; may be empty
    friend bool operator==(const caller&, const caller&) = default;
};

/// What they say of themselves, else "uid 1000".
std::string to_text(const caller& who);

/// Why the daemon refused.
struct refusal {
    enum class kind : std::uint8_t {
        not_found,   // no such neighbor, service …
        invalid,     // the request makes no sense
        conflict,    // it makes none for what it is about: a report to a check that is run
        failed,      // it could not be done: the disk is full …
        unavailable, // it cannot be done just now: the daemon is stopping
        late,        // it was not done in time
    };
    kind type = kind::failed;
    std::string reason; // for programs: "unknown_service", "not_stored" …
    std::string detail; // a line for people
    friend bool operator==(const refusal&, const refusal&) = default;
};

struct drain_request {
    std::vector<std::string> services; // empty: all
    std::string reason;
    std::optional<std::chrono::milliseconds> duration; // --for
    bool now = false;
    bool force = false; // without a permit of the fleet
    bool queue = false; // waits for its turn, as long as whoever asks
    std::chrono::milliseconds timeout = std::chrono::hours{24}; // of that
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

struct undrain_request {
    std::vector<std::string> services; // empty: all
    friend bool operator==(const undrain_request&, const undrain_request&) = default;
};

/// What is to be taken away of what a node of the fleet has left.
struct fleet_request {
    enum class action : std::uint8_t { release, forget }; // its permits, or all
    action what = action::release;
    std::string node;
    friend bool operator==(const fleet_request&, const fleet_request&) = default;
};

struct reload_request {
    bool dry_run = false;
    friend bool operator==(reload_request, reload_request) = default;
};

struct log_request {
    std::string level; // "trace" … "error"
    friend bool operator==(const log_request&, const log_request&) = default;
};

struct restart_request {
    bool reset = false; // of all sessions
    friend bool operator==(restart_request, restart_request) = default;
};

struct check_name {
    std::string service;
    std::string name;
    friend bool operator==(const check_name&, const check_name&) = default;
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

    // Of one thing each; none and a refusal: there is no such thing. Names come in the order of the
    // configuration.
    virtual std::vector<std::string> neighbor_names() const = 0;
    virtual std::vector<std::string> service_names() const = 0;
    virtual std::vector<check_name> check_names() const = 0;
    virtual std::optional<neighbor_view> neighbor(const std::string& name) const = 0;
    virtual std::optional<service_view> service(const std::string& name) const = 0;
    virtual std::optional<check_view> check(const check_name& which) const = 0;
    /// What a neighbor was sent, in order of prefix: at most `most` routes, those after the prefix
    /// `after`; "": from the first.
    virtual std::expected<std::vector<route_view>, refusal>
    routes(const std::string& neighbor, const std::string& after, std::size_t most) const = 0;

    virtual const measurements& measured() const = 0;
    /// The last ones, oldest first.
    virtual std::vector<event_view> recent_events() const = 0;

    /// Why neighbors hear a prefix or not: of the service that announces this prefix, or the
    /// smallest one that holds this address or prefix.
    virtual std::expected<explain_view, refusal> explain(const std::string& prefix) const = 0;

    /// The fleet with all that is known of its nodes.
    virtual fleet_view fleet() const = 0;

    /// `reply` is called once the drain is on disk, or refused; maybe before this returns. What is
    /// returned is its place in the queue: letting it go gives that up; if it is kept here then,
    /// the drain has begun. Null: it needs none.
    virtual std::shared_ptr<void> drain(const caller& who, drain_request request, done reply) = 0;
    virtual void undrain(const caller& who, undrain_request request, done reply) = 0;
    virtual void change_fleet(const caller& who, fleet_request request, done reply) = 0;
    virtual void change_neighbor(const caller& who, neighbor_request request, done reply) = 0;
    /// Applies the configuration file, or in a dry run only tells what that would change.
    virtual void reload(const caller& who, reload_request request, reply_to<reload_view> reply) = 0;
    virtual std::expected<void, refusal> set_log_level(const caller& who,
                                                       const log_request& request) = 0;
    /// Has the program that is on disk take the place of this one, and gives it everything:
    /// sessions go on. `reply` is called before, once it is known that it can; with `reset`
    /// sessions end, but nothing is withdrawn from neighbors that keep the routes meanwhile.
    virtual void restart(const caller& who, restart_request request,
                         reply_to<restart_view> reply) = 0;
    /// Clients cannot be taken: out of descriptors, say. Once until one is taken again.
    virtual void cannot_accept(const std::string& why) = 0;
    /// The result of a push check, which may change what is announced before this returns.
    virtual std::expected<void, refusal> report(const caller& who,
                                                const report_request& request) = 0;
    /// A reader of events that did not keep up was cut.
    virtual void reader_dropped() = 0;
};

} // namespace herald::control
