#include "herald/config/difference.hpp"
#include "herald/control/response.hpp"
#include "herald/daemon/daemon.hpp"
#include "herald/daemon/log.hpp"
#include "herald/daemon/service_manager.hpp"
#include "herald/text/version.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <random>
#include <utility>

// The restart in place. The program that is on disk rehearses it with everything that it will
// inherit; then what is under way comes to an end, and in one turn of the loop all is written down
// and the new program takes this one's place. Until that moment it can be called off, and nothing
// has happened.

namespace herald::daemon {

using control::refusal;

namespace {

/// How long programs of checks, and files that are being written, may take to come to an end.
constexpr std::chrono::seconds quiet_limit{2};
/// And then clients that are being answered, and sessions that say why they end.
constexpr std::chrono::seconds farewell_limit{1};
constexpr std::chrono::milliseconds quiet_poll{1};
/// How long lines of the log may take to be written before the new program begins.
constexpr std::chrono::milliseconds log_limit{100};

/// Nobody can say it who was not shown it.
std::string make_proof() {
    std::random_device chance;
    return fmt::format("{:08x}{:08x}{:08x}{:08x}", chance(), chance(), chance(), chance());
}

control::restart_view view_of(const std::vector<prospect>& prospects, bool reset) {
    control::restart_view view;
    for (const auto& each : prospects) {
        auto& shown = view.neighbors.emplace_back();
        shown.neighbor = each.neighbor;
        shown.kept = each.kept && !reset;
        if (!each.kept)
            shown.reason = each.reason;
        else if (reset)
            shown.reason = "a reset was asked for";
    }
    return view;
}

refusal cannot_restart(const std::string& why) {
    return {refusal::kind::failed, "cannot_restart", fmt::format("not restarted: {}", why)};
}

} // namespace

void daemon::restart(control::restart_request request,
                     control::reply_to<control::restart_view> reply) {
    if (stopping_)
        return reply(std::unexpected(control::is_stopping()));
    if (attempt_)
        return reply(
            std::unexpected(refusal{refusal::kind::conflict, "busy",
                                    "another restart was asked for already, and is being tried"}));
    attempt_ = std::make_unique<restart_attempt>(context_, request.reset, std::move(reply));
    const auto left = leave();
    restart_trial::begin(
        context_.get_executor(), {start_.program, start_.config_file, to_json(left), left.proof},
        [this](std::expected<rehearsal_report, std::string> how) { rehearsed(std::move(how)); });
}

/// All that this program is, as it is now.
inheritance daemon::leave() {
    inheritance left;
    left.program = text::version();
    left.proof = make_proof();
    left.configuration = start_.configuration;
    for (const auto& neighbor : settings_.neighbors) {
        if (!neighbor.password.empty())
            left.passwords.emplace(neighbor.name, neighbor.password);
        if (neighbor.bfd && neighbor.bfd->session.authentication)
            left.bfd_passwords.emplace(neighbor.name, neighbor.bfd->session.authentication->key);
    }
    left.speaker = speaker_.snapshot();
    left.control = server_.sockets();
    left.services = services_.snapshot();
    left.events = to_json(reporter_.events().history());
    return left;
}

void daemon::rehearsed(std::expected<rehearsal_report, std::string> how) {
    if (stopping_)
        return call_off("heraldd is stopping");
    if (!how)
        return call_off(how.error());
    attempt_->prospects = std::move(how->neighbors);
    if (attempt_->reset) {
        attempt_->reply(view_of(attempt_->prospects, true));
        attempt_.reset();
        return begin_stop(ending::start_anew, "heraldd restarts");
    }
    services_.hold();
    attempt_->deadline = std::chrono::steady_clock::now() + quiet_limit;
    await_quiet();
}

/// Whether nothing is under way that an exec would cut short.
bool daemon::is_quiet() const {
    return health::child_process::left(context_.get_executor()) == 0 && services_.idle() &&
           neighbor_shutdowns_.idle();
}

void daemon::await_quiet() {
    if (stopping_)
        return call_off("heraldd is stopping");
    if (is_quiet())
        return say_farewell();
    if (std::chrono::steady_clock::now() > attempt_->deadline)
        return call_off("a program that a check runs does not end though it was killed, or the "
                        "state directory's disk does not answer");
    attempt_->timer.expires_after(quiet_poll);
    attempt_->timer.async_wait([this](auto) { await_quiet(); });
}

/// The asker is answered. Sessions that the new program cannot go on with end as in a restart that
/// resets them.
void daemon::say_farewell() {
    const auto view = view_of(attempt_->prospects, false);
    reporter_.events().handed_over(view.neighbors);
    for (const auto& each : attempt_->prospects)
        if (auto* const neighbor = speaker_.find(each.neighbor); neighbor && !each.readable)
            neighbor->stop_for_restart(
                wire::make_cease(wire::cease_code::administrative_reset, "heraldd restarts"));
    std::exchange(attempt_->reply, nullptr)(view);
    server_.pause();
    attempt_->deadline = std::chrono::steady_clock::now() + farewell_limit;
    await_clients();
}

void daemon::await_clients() {
    if (stopping_)
        return call_off("heraldd is stopping");
    announcer_.send();
    const bool done = server_.idle() && speaker_.idle() && announcer_.idle() && is_quiet();
    if (done || std::chrono::steady_clock::now() > attempt_->deadline)
        return hand_over();
    attempt_->timer.expires_after(quiet_poll);
    attempt_->timer.async_wait([this](auto) { await_clients(); });
}

/// From here on nothing else runs until the new program does, or none could be started.
void daemon::hand_over() {
    if (stop_is_asked_for())
        return call_off("heraldd is told to stop");
    notify_service_manager(reloading());
    log(log_level::info, "restart", "heraldd hands over to the new program");
    speaker_.send_keepalives();
    const auto left = leave();
    stop_logging_within(log_limit);
    const auto why = start_anew(start_.program, start_.arguments, &left);
    start_logging(logging(settings_.log, start_));
    notify_service_manager("READY=1");
    call_off(why);
}

/// As if nothing had been asked; but for the sessions that the new program could not have kept.
void daemon::call_off(const std::string& why) {
    const auto attempt = std::exchange(attempt_, nullptr);
    if (!stopping_) {
        log(log_level::error, "restart", fmt::format("not restarted: {}", why));
        reporter_.events().not_restarted(why);
        services_.release();
        server_.resume();
        for (const auto& neighbor : speaker_.neighbors())
            neighbor->start();
    }
    if (attempt->reply)
        attempt->reply(std::unexpected(stopping_ ? control::is_stopping() : cannot_restart(why)));
}

/// After start(), with the configuration that was in force before: what is different is applied as
/// a reload would.
std::expected<void, std::string> daemon::take_over(config::load_result loaded) {
    log(log_level::info, "restart",
        fmt::format("heraldd {} goes on where heraldd {} was", text::version(), start_.before));
    if (config::difference(settings_, *loaded.settings).empty()) {
        start_.configuration = std::move(loaded.text);
        return {};
    }
    if (auto applied = apply_file(std::move(loaded), false); !applied)
        return std::unexpected(applied.error().detail);
    return {};
}

} // namespace herald::daemon
