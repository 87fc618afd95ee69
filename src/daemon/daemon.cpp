#include "herald/daemon/daemon.hpp"

#include "herald/daemon/announcer.hpp"
#include "herald/daemon/log.hpp"
#include "herald/daemon/service_manager.hpp"

#include <csignal>
#include <fmt/format.h>

namespace herald::daemon {

namespace {

/// How long a service that does not settle may hold back a neighbor's End-of-RIB.
constexpr std::chrono::seconds end_of_rib_limit{60};
/// How long a stop waits for neighbors to acknowledge the withdrawals.
constexpr std::chrono::seconds stop_limit{5};
/// And then for what is left of connections and clients.
constexpr std::chrono::seconds close_limit{2};

std::string_view name_of(int signal) {
    return signal == SIGTERM ? "SIGTERM" : "SIGINT";
}

/// sd_notify(3): what tells a restart in place from a stop.
std::string reloading() {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
    return fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count());
}

} // namespace

daemon::daemon(boost::asio::io_context& context, config::configuration settings,
               process_start start, state_directory state)
    : context_(context)
    , settings_(std::move(settings))
    , start_(std::move(start))
    , state_(std::move(state))
    , drains_(context.get_executor(), state_.path())
    , speaker_(context.get_executor(), settings_.listen, settings_.neighbors, *this)
    , drain_files_(context.get_executor(), services_)
    , addresses_(context.get_executor(), state_.path(), services_, speaker_)
    , server_(context.get_executor(), *this)
    , lag_meter_(context.get_executor(),
                 [this](std::chrono::nanoseconds late) { chronicle_.woke_late(late); })
    , signals_(context, SIGTERM, SIGINT, SIGHUP)
    , end_of_rib_timer_(context)
    , watchdog_(context.get_executor(), [this] { return stuck_check(); }, notify_service_manager) {
    service_observer& observer = *this;
    for (const auto& entry : settings_.services)
        services_.push_back(
            std::make_unique<managed_service>(context.get_executor(), entry, observer));
    for (const auto& neighbor : speaker_.neighbors())
        if (start_.restarted)
            neighbor->restarted(*start_.restarted);
}

daemon::~daemon() = default;

std::expected<void, std::string> daemon::start() {
    if (auto loaded = drains_.load(); !loaded)
        return loaded;
    if (auto addresses = addresses_.start(); !addresses)
        return addresses;
    if (auto listening = listen(); !listening)
        return listening;
    if (auto started = speaker_.start(); !started) {
        server_.stop();
        return started;
    }
    await_signal();
    for (const auto& service : services_)
        take_up_drain(*service);
    drain_files_.start();
    for (const auto& service : services_)
        service->start();
    complete_settled(services_, speaker_, false);
    end_of_rib_timer_.expires_after(end_of_rib_limit);
    end_of_rib_timer_.async_wait([this](boost::system::error_code error) {
        if (!error)
            complete_settled(services_, speaker_, true);
    });
    log(log_level::info, "started", "heraldd is ready",
        {{"version", HERALD_VERSION},
         {"neighbors", std::to_string(speaker_.neighbors().size())},
         {"services", std::to_string(services_.size())}});
    chronicle_.started();
    lag_meter_.start();
    notify_service_manager("READY=1");
    if (auto interval = watchdog_interval())
        watchdog_.start(*interval);
    return {};
}

std::string daemon::stuck_check() const {
    const auto now = std::chrono::steady_clock::now();
    for (const auto& service : services_)
        for (const auto& check : service->checks())
            if (is_stuck(check->status(), now))
                return fmt::format("check {} of service {} is stuck", check->settings().name,
                                   service->name());
    return {};
}

std::expected<void, std::string> daemon::listen() {
    if (auto listening = server_.listen(settings_.control); !listening)
        return listening;
    auto listening = listen_for_everyone({}, settings_.metrics);
    if (!listening)
        server_.stop();
    return listening;
}

void daemon::await_signal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
        if (error)
            return;
        if (signal == SIGHUP)
            reload(false, [](const auto&) {}); // the log says how it went
        else if (stopping_)
            return context_.stop(); // asked twice: at once
        else
            begin_stop(ending::exit, fmt::format("heraldd was stopped by {}", name_of(signal)));
        await_signal();
    });
}

ending daemon::run() {
    context_.run();
    if (sessions_ended_) {
        context_.restart();
        context_.run_for(close_limit); // ends as soon as nothing is left
    }
    return next_;
}

/// Stopping: withdraw, wait for the acknowledgement, NOTIFICATION, close. Neighbors that keep our
/// routes over a restart hear nothing of one.
void daemon::begin_stop(ending next, const std::string& why) {
    stopping_ = true;
    next_ = next;
    log(log_level::info, "stopping", why);
    chronicle_.stopping(why, next == ending::start_anew);
    lag_meter_.stop();
    notify_service_manager(next == ending::exit ? "STOPPING=1" : reloading());
    end_of_rib_timer_.cancel();
    drain_files_.stop();
    for (const auto& service : services_)
        service->stop();
    for (const auto& neighbor : speaker_.neighbors()) {
        if (next == ending::exit || !neighbor->keeps_routes())
            neighbor->want_only({});
        neighbor->flush();
    }
    speaker_.when_acknowledged(stop_limit, [this, why] { end_sessions(why); });
}

void daemon::end_sessions(const std::string& why) {
    if (next_ == ending::exit)
        speaker_.stop(wire::make_cease(wire::cease_code::administrative_shutdown, why));
    else
        speaker_.stop_for_restart(wire::make_cease(wire::cease_code::administrative_reset, why));
    addresses_.stop(next_ == ending::exit);
    server_.stop();
    watchdog_.stop();
    signals_.cancel();
    sessions_ended_ = true;
    context_.stop();
}

} // namespace herald::daemon
