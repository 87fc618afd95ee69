#include "herald/daemon/daemon.hpp"

#include "herald/control/response.hpp"
#include "herald/daemon/log.hpp"
#include "herald/daemon/service_manager.hpp"
#include "herald/text/version.hpp"

#include <csignal>
#include <fmt/format.h>
#include <set>
#include <utility>

namespace herald::daemon {

namespace {

/// How long a stop waits for neighbors to acknowledge the withdrawals.
constexpr std::chrono::seconds stop_limit{5};
/// And then for what is left of connections and clients.
constexpr std::chrono::seconds close_limit{2};

std::string_view name_of(int signal) {
    return signal == SIGTERM ? "SIGTERM" : "SIGINT";
}

} // namespace

std::string reloading() {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
    return fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count());
}

log_settings logging(const log_settings& file, const process_start& start) {
    return {start.level.value_or(file.level), start.format.value_or(file.format)};
}

daemon::daemon(boost::asio::io_context& context, config::configuration settings,
               process_start start, state_directory state, inheritance left)
    : context_(context)
    , settings_(std::move(settings))
    , start_(std::move(start))
    , state_(std::move(state))
    , reporter_(speaker_, server_, [this] { fleet_.sessions_changed(); })
    , time_(peering::make_time_source(context.get_executor()))
    , links_(std::make_shared<peering::links>(context.get_executor(), *time_))
    , speaker_(peering::real_environment(context.get_executor(), time_, links_), settings_.listen,
               settings_.neighbors, reporter_, left.speaker)
    , neighbor_shutdowns_(context.get_executor(), state_.path(), speaker_)
    , services_(context.get_executor(), state_.path(), settings_.services, speaker_, *this)
    , announcer_(context.get_executor(), services_, speaker_)
    , fleet_(context.get_executor(), state_.path(), services_, speaker_)
    , adapter_(*this, services_, announcer_, speaker_, neighbor_shutdowns_, fleet_, reporter_)
    , server_(context.get_executor(), adapter_)
    , lag_meter_(context.get_executor(),
                 [this](std::chrono::nanoseconds late) { reporter_.events().woke_late(late); })
    , signals_(context.get_executor(), [this](int signal) { signalled(signal); })
    , watchdog_(
          context.get_executor(), [this] { return stuck_check(); }, notify_service_manager)
    , config_reader_(context.get_executor(),
                     [file = start_.config_file] { return config::load(file); })
    , left_(std::move(left)) {
    server_.inherit(left_.control);
    if (!left_.events.empty()) {
        if (auto history = history_from_json(left_.events))
            reporter_.events().resume(*std::move(history));
        else
            log(log_level::warning, "restart",
                fmt::format("events and counts begin anew: {}", history.error()));
    }
    for (const auto& neighbor : speaker_.neighbors())
        if (start_.restarted && !left_.speaker.neighbors.contains(neighbor->settings().name))
            neighbor->restarted(*start_.restarted);
}

daemon::~daemon() = default;

std::expected<void, std::string> daemon::start() {
    if (auto loaded = neighbor_shutdowns_.load(); !loaded)
        return loaded;
    if (auto loaded = services_.load(); !loaded)
        return loaded;
    if (auto loaded = fleet_.prepare(settings_); !loaded)
        return loaded;
    if (auto listening = listen(); !listening)
        return listening;
    exclude_next_hops();
    links_->start();
    if (auto started = speaker_.start(); !started) {
        server_.stop();
        return started;
    }
    if (auto reading = signals_.start(); !reading)
        return reading;
    services_.start(std::exchange(left_, {}).services);
    announcer_.start();
    fleet_.apply(settings_);
    log(log_level::info, "started", "heraldd is ready",
        {{"version", std::string(text::version())},
         {"neighbors", std::to_string(speaker_.neighbors().size())},
         {"services", std::to_string(services_.all().size())}});
    reporter_.events().started();
    lag_meter_.start();
    notify_service_manager("READY=1");
    if (auto interval = watchdog_interval())
        watchdog_.start(*interval);
    return {};
}

std::string daemon::stuck_check() const {
    const auto now = std::chrono::steady_clock::now();
    for (const auto& service : services_.all())
        for (const auto& check : service->checks())
            if (is_stuck(check->status(), now))
                return fmt::format("check {} of service {} is stuck", check->settings().name,
                                   service->name());
    return {};
}

/// An anycast address leads to the nearest node, not to this one.
void daemon::exclude_next_hops() {
    std::set<boost::asio::ip::address> anycast;
    for (const auto& service : settings_.services)
        anycast.insert(service.service.addresses.begin(), service.service.addresses.end());
    links_->exclude(std::move(anycast));
}

std::expected<void, std::string> daemon::listen() {
    if (auto listening = server_.listen(settings_.control); !listening)
        return listening;
    auto listening = server_.listen_for_everyone(settings_.metrics);
    server_.drop_inherited();
    auto for_agent = server_.listen_for_agent(settings_.fleetlock);
    if (listening && for_agent)
        return {};
    server_.stop();
    return std::unexpected(listening ? for_agent.error() : listening.error());
}

void daemon::signalled(int signal) {
    if (signal == SIGHUP && stopping_)
        log(log_level::warning, "reload",
            next_ == ending::exit ? "not reloaded: heraldd is stopping"
                                  : "not reloaded: the new start reads the configuration");
    else if (signal == SIGHUP)
        reload(false, [](const auto&) {}); // the log says how it went
    else if (stopping_ && next_ == ending::exit)
        context_.stop(); // asked twice: at once
    else
        begin_stop(ending::exit, fmt::format("heraldd was stopped by {}", name_of(signal)));
}

ending daemon::run() {
    while (context_.run_one() > 0)
        speaker_.attend();
    if (sessions_ended_) {
        context_.restart();
        context_.run_for(close_limit); // ends as soon as nothing is left
    }
    if (next_ == ending::start_anew && stop_is_asked_for()) {
        next_ = ending::exit;
        log(log_level::info, "stopping", "heraldd does not start anew: it was told to stop");
    }
    return next_;
}

/// Stopping: withdraw, wait for the acknowledgement, NOTIFICATION, close. Neighbors that keep our
/// routes over a restart hear nothing of one. A restart that has begun becomes a stop here too.
void daemon::begin_stop(ending next, const std::string& why) {
    stopping_ = true;
    next_ = next;
    why_ = why;
    announcer_.stop();
    fleet_.stop(why, next == ending::exit);
    reporter_.stopping(why, next == ending::start_anew);
    lag_meter_.stop();
    notify_service_manager(next == ending::exit ? "STOPPING=1" : reloading());
    services_.stop();
    const auto silence = std::make_shared<bgp::audience>();
    for (const auto& neighbor : speaker_.neighbors()) {
        if (next == ending::exit || !neighbor->keeps_routes())
            neighbor->hear(silence);
    }
    speaker_.flush([] {});
    speaker_.when_acknowledged(stop_limit, [this] { end_sessions(); });
}

void daemon::end_sessions() {
    if (std::exchange(sessions_ended_, true))
        return;
    if (next_ == ending::exit)
        speaker_.stop(wire::make_cease(wire::cease_code::administrative_shutdown, why_));
    else
        speaker_.stop_for_restart(wire::make_cease(wire::cease_code::administrative_reset, why_));
    services_.stop_addresses(next_ == ending::exit);
    links_->close();
    server_.stop();
    watchdog_.stop();
    signals_.stop();
    context_.stop();
}

void daemon::service_changed(managed_service& which) {
    if (stopping_)
        return;
    announcer_.changed(which.name());
    announcer_.afterwards([this, change = describe_change(which)](const auto& how) {
        services_.announced(change.service);
        fleet_.look_at(change.service);
        reporter_.service_changed(change, how);
    });
}

/// One that begins to fail asks for a permit while that is still being judged.
void daemon::check_ran(const managed_service& which, const health::check& check, bool changed) {
    fleet_.look_at(which.name());
    auto run = describe_run(which, check, changed);
    if (!changed)
        return reporter_.check_ran(run);
    announcer_.afterwards([this, run = std::move(run)](const auto&) { reporter_.check_ran(run); });
}

void daemon::drain_expired(managed_service& which, const service::drain&) {
    reporter_.drain_expired(which.name());
}

bool daemon::drained_by_file(const managed_service& which) {
    const auto& name = which.name();
    if (file_claims_.contains(name) || !fleet_.guards({name}))
        return !file_claims_.contains(name);
    auto claim = fleet_.ask({name}, {which.settings().service.drain_file.string(), "", true},
                            [this, name](const auto&) {
                                services_.drain_by_file(name);
                                file_claims_.erase(name);
                            });
    file_claims_[name] = claim;
    claim->go_on();
    return false;
}

} // namespace herald::daemon
