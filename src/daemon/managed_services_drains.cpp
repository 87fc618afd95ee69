#include "herald/daemon/log.hpp"
#include "herald/daemon/managed_services.hpp"

#include <chrono>
#include <fmt/format.h>
#include <utility>

// Drains by files and by operators, and when they end.

namespace herald::daemon {

namespace {

/// How often the clock is looked at while it is not to be trusted.
constexpr std::chrono::seconds clock_interval{1};

} // namespace

void managed_services::look_for_drain_files() {
    using enum service::drain_source;
    drain_files::file_map files;
    for (const auto& service : services_) {
        const auto& file = service->settings().service.drain_file;
        if (!file.empty())
            files.emplace(service->name(), file);
        else if (service->current_drains().contains(by_file))
            service->undrain(by_file);
    }
    drain_files_.look_for(std::move(files));
}

void managed_services::drain_file_seen(const std::string& name, bool is_there) {
    using enum service::drain_source;
    auto* service = find(name);
    if (service == nullptr)
        return;
    const bool drained = service->current_drains().contains(by_file);
    if (is_there && !drained && observer_.drained_by_file(*service))
        drain_by_file(name);
    if (!is_there && !drained)
        observer_.drain_file_gone(name);
    if (!is_there && drained)
        service->undrain(by_file);
    if (not_started_.erase(name) != 0)
        service->start();
}

void managed_services::drain_by_file(const std::string& name) {
    auto* service = find(name);
    if (service == nullptr)
        return;
    service::drain drain;
    drain.since = std::chrono::system_clock::now();
    drain.by = service->settings().service.drain_file.string();
    service->drain(service::drain_source::by_file, drain);
}

std::vector<std::string> managed_services::orphaned_drains() const {
    std::vector<std::string> names;
    for (const auto& [name, drain] : drains_.all())
        if (find(name) == nullptr)
            names.push_back(name);
    return names;
}

std::vector<std::string> managed_services::drained() const {
    std::vector<std::string> names;
    for (const auto& [name, drain] : drains_.all())
        if (find(name) != nullptr)
            names.push_back(name);
    return names;
}

void managed_services::drain(const std::vector<std::string>& names, const service::drain& drain,
                             outcome tell) {
    drains_.apply(
        [names, drain](service::stored_drains& drains) {
            for (const auto& name : names) {
                auto [existing, added] = drains.emplace(name, drain);
                auto since = existing->second.since; // a 'draining' that began goes on
                existing->second = drain;
                existing->second.since = since;
            }
        },
        [this, names, tell = std::move(tell)](std::error_code error) {
            if (!error)
                enforce_drains(names);
            tell(error);
        });
}

void managed_services::undrain(const std::vector<std::string>& names, outcome tell) {
    drains_.apply(
        [names](service::stored_drains& drains) {
            for (const auto& name : names)
                drains.erase(name);
        },
        [this, names, tell = std::move(tell)](std::error_code error) {
            if (!error)
                enforce_drains(names);
            tell(error);
        });
}

/// By name: while the disk was written, a reload may have taken a service away, or made another.
void managed_services::enforce_drains(const std::vector<std::string>& names) {
    using enum service::drain_source;
    for (const auto& name : names) {
        auto* service = find(name);
        if (service == nullptr)
            continue;
        provisional_.erase(name);
        if (const auto drain = drains_.all().find(name); drain != drains_.all().end())
            service->drain(by_operator, drain->second);
        else
            service->undrain(by_operator);
    }
}

/// At the start, or once a service is there: its end is judged by a clock that may be wrong yet.
void managed_services::take_up_drain(managed_service& service) {
    const auto& name = service.name();
    const auto kept = drains_.all().find(name);
    provisional_.erase(name);
    if (kept == drains_.all().end())
        return;
    const auto in_force = taken_up(kept->second, clock_());
    if (!in_force)
        return drain_expired(service, kept->second);
    if (*in_force != kept->second) {
        provisional_[name] = *in_force;
        log(log_level::warning, "drain",
            fmt::format("the clock is not synchronised: service {} stays drained until it is, or "
                        "for as long again as it was to be",
                        name));
    }
    service.drain(service::drain_source::by_operator, *in_force);
}

void managed_services::await_clock() {
    if (provisional_.empty())
        return;
    clock_timer_.expires_after(clock_interval);
    clock_timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
        if (error || alive.expired())
            return;
        judge_ends_again();
        await_clock();
    });
}

void managed_services::judge_ends_again() {
    using namespace std::chrono_literals;
    const auto clock = clock_();
    for (const auto& [name, drain] : std::map(provisional_)) {
        const auto kept = drains_.all().find(name);
        auto* service = find(name);
        if (kept == drains_.all().end() || service == nullptr || !tells_end_of(kept->second, clock))
            continue;
        auto in_force = kept->second;
        provisional_.erase(name);
        if (*in_force.until <= clock.now) {
            in_force.until = clock.now + 1ms; // it ends as any does
            if (*drain.until <= *in_force.until)
                continue;
            provisional_[name] = in_force;
        }
        service->drain(service::drain_source::by_operator, in_force);
    }
}

void managed_services::drain_expired(managed_service& which, const service::drain& drain) {
    const auto provisional = provisional_.extract(which.name());
    const bool has_other_end = !provisional.empty() && provisional.mapped() == drain;
    drains_.apply(
        [name = which.name(), drain, has_other_end](service::stored_drains& drains) {
            const auto found = drains.find(name);
            if (found == drains.end())
                return;
            auto stored = found->second;
            if (has_other_end)
                stored.until = drain.until;
            // One that the operator has given meanwhile stays.
            if (stored == drain)
                drains.erase(found);
        },
        [](std::error_code error) {
            // What stays on disk has expired there too, and a start drops it.
            if (error)
                log(log_level::warning, "undrain",
                    fmt::format("the end of the drain could not be stored: {}", error.message()));
        });
    observer_.drain_expired(which, drain);
}

} // namespace herald::daemon
