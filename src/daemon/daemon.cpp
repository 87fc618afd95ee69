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

} // namespace

daemon::daemon(boost::asio::io_context& context, config::configuration settings,
               std::string config_file, state_directory state)
    : context_(context)
    , settings_(std::move(settings))
    , config_file_(std::move(config_file))
    , state_(std::move(state))
    , drains_(context.get_executor(), state_.path())
    , speaker_(context.get_executor(), settings_.listen, settings_.neighbors, *this)
    , server_(context.get_executor(), *this)
    , signals_(context, SIGTERM, SIGINT, SIGHUP)
    , end_of_rib_timer_(context) {
    service_observer& observer = *this;
    for (const auto& entry : settings_.services)
        services_.push_back(
            std::make_unique<managed_service>(context.get_executor(), entry, observer));
}

daemon::~daemon() = default;

std::expected<void, std::string> daemon::start() {
    if (auto loaded = drains_.load(); !loaded)
        return loaded;
    if (auto listening = server_.listen(settings_.control); !listening)
        return listening;
    if (auto started = speaker_.start(); !started) {
        server_.stop();
        return started;
    }
    await_signal();
    for (const auto& service : services_) {
        if (auto drain = drains_.drains().find(service->name()); drain != drains_.drains().end())
            service->drain(drain->second);
        service->start();
    }
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
    notify_service_manager("READY=1");
    return {};
}

void daemon::await_signal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
        if (error)
            return;
        if (signal == SIGHUP)
            log(log_level::warning, "reload", "SIGHUP: reloading is not implemented yet");
        else if (stopping_)
            return context_.stop(); // asked twice: at once
        else
            begin_stop(signal);
        await_signal();
    });
}

void daemon::run() {
    context_.run();
    if (!sessions_ended_)
        return;
    context_.restart();
    context_.run_for(close_limit); // ends as soon as nothing is left
}

/// Stopping: withdraw, wait for the acknowledgement, NOTIFICATION 6/2, close.
void daemon::begin_stop(int signal) {
    stopping_ = true;
    log(log_level::info, "stopping", "heraldd is stopping",
        {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
    notify_service_manager("STOPPING=1");
    end_of_rib_timer_.cancel();
    for (const auto& service : services_) {
        service->stop();
        for (const auto& neighbor : speaker_.neighbors())
            for (const auto& prefix : service->settings().service.prefixes)
                neighbor->unwant(prefix);
    }
    for (const auto& neighbor : speaker_.neighbors())
        neighbor->flush();
    speaker_.when_acknowledged(stop_limit, [this, signal] { end_sessions(signal); });
}

void daemon::end_sessions(int signal) {
    speaker_.stop(wire::make_cease(
        wire::cease_code::administrative_shutdown,
        fmt::format("heraldd was stopped by {}", signal == SIGTERM ? "SIGTERM" : "SIGINT")));
    server_.stop();
    signals_.cancel();
    sessions_ended_ = true;
    context_.stop();
}

} // namespace herald::daemon
