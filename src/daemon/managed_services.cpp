#include "herald/daemon/managed_services.hpp"

#include "herald/daemon/log.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace herald::daemon {

namespace {

/// How long a service's start waits for a look at its drain file, on a file system that hangs.
constexpr std::chrono::seconds drain_file_limit{5};

void tell_unsafe(std::error_code why) {
    log(log_level::warning, "drain",
        fmt::format("drains are in force, but a power failure may undo their last change: the "
                    "state directory: {}",
                    why.message()));
}

} // namespace

managed_services::managed_services(boost::asio::any_io_executor executor,
                                   const std::filesystem::path& state,
                                   const std::vector<config::service_entry>& entries,
                                   peering::speaker& speaker, service_observer& observer,
                                   std::function<clock_reading()> clock)
    : executor_(std::move(executor))
    , observer_(observer)
    , clock_(std::move(clock))
    , drains_(executor_, state / "drains.json", {service::to_json, service::from_json}, tell_unsafe)
    , clock_timer_(executor_)
    , hold_downs_(executor_, state / "hold_downs.json",
                  {service::to_json, service::hold_downs_from_json})
    , drain_files_(executor_, [this](const std::string& service,
                                     bool is_there) { drain_file_seen(service, is_there); })
    , start_timer_(executor_)
    , addresses_(executor_, state, services_, speaker) {
    service_observer& self = *this;
    for (const auto& entry : entries)
        add(std::make_unique<managed_service>(executor_, entry, self));
}

void managed_services::add(std::unique_ptr<managed_service> service) {
    by_name_[service->name()] = service.get();
    services_.push_back(std::move(service));
}

std::expected<void, std::string> managed_services::load() {
    if (auto loaded = drains_.load(); !loaded)
        return loaded;
    // Damaged, it costs a hold-down, not the start.
    if (const auto loaded = hold_downs_.load(); !loaded)
        log(log_level::warning, "hold_down",
            fmt::format("hold-downs are forgotten: {}", loaded.error()));
    return addresses_.start();
}

void managed_services::start(const std::map<std::string, managed_service_snapshot>& left) {
    std::vector<managed_service*> fresh;
    for (const auto& service : services_) {
        if (const auto before = left.find(service->name()); before != left.end()) {
            resume(*service, before->second);
            continue;
        }
        fresh.push_back(service.get());
        if (const auto kept = hold_downs_.all().find(service->name());
            kept != hold_downs_.all().end())
            service->restore_hold_down(kept->second);
        take_up_drain(*service);
    }
    await_clock();
    begin(fresh);
}

/// Its drain was taken up by the program before, maybe provisionally.
void managed_services::resume(managed_service& service, const managed_service_snapshot& from) {
    const auto in_force = from.state.drains.find(service::drain_source::by_operator);
    const auto kept = drains_.all().find(service.name());
    if (in_force != from.state.drains.end() && kept != drains_.all().end() &&
        in_force->second != kept->second)
        provisional_[service.name()] = in_force->second;
    service.resume(from);
    addresses_.service_changed(service);
}

std::map<std::string, managed_service_snapshot> managed_services::snapshot() const {
    std::map<std::string, managed_service_snapshot> all;
    for (const auto& service : services_)
        if (auto one = service->snapshot())
            all.emplace(service->name(), *std::move(one));
    return all;
}

void managed_services::hold() {
    for (const auto& service : services_)
        service->hold();
}

void managed_services::release() {
    for (const auto& service : services_)
        service->release();
}

/// A service with a drain file starts once that was looked for: what is drained then is never
/// announced.
void managed_services::begin(const std::vector<managed_service*>& services) {
    look_for_drain_files();
    for (auto* service : services) {
        if (service->settings().service.drain_file.empty())
            service->start();
        else
            not_started_.insert(service->name());
    }
    if (not_started_.empty())
        return;
    start_timer_.expires_after(drain_file_limit);
    start_timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code error) {
        if (!error && !alive.expired())
            start_in_spite_of_files();
    });
}

void managed_services::start_in_spite_of_files() {
    for (const auto& name : std::exchange(not_started_, {})) {
        auto* service = find(name);
        log(log_level::warning, "drain",
            fmt::format("service {} starts, though it cannot be told whether {} exists", name,
                        service->settings().service.drain_file.string()));
        service->start();
    }
}

void managed_services::stop() {
    drain_files_.stop();
    start_timer_.cancel();
    clock_timer_.cancel();
    for (const auto& service : services_)
        service->stop();
}

managed_service* managed_services::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
}

void managed_services::change(const std::vector<config::service_entry>& next) {
    auto before = std::exchange(services_, {});
    by_name_.clear();
    std::erase_if(not_started_, [&](const auto& name) {
        return std::ranges::none_of(next,
                                    [&](const auto& entry) { return entry.service.name == name; });
    });
    std::vector<managed_service*> begun;
    std::vector<std::pair<managed_service*, const config::service_entry*>> changed;
    service_observer& self = *this;
    for (const auto& entry : next) {
        const auto known = std::ranges::find_if(before, [&](const auto& service) {
            return service && service->name() == entry.service.name;
        });
        // One that has not started is as good as new.
        if (known == before.end() || not_started_.erase(entry.service.name) != 0) {
            add(std::make_unique<managed_service>(executor_, entry, self));
            begun.push_back(services_.back().get());
            continue;
        }
        add(std::move(*known));
        if (services_.back()->settings() != entry)
            changed.emplace_back(services_.back().get(), &entry);
    }
    // Only now: who is told of a change may look at all services.
    for (const auto& [service, entry] : changed)
        service->change(*entry, addresses_.missing(*entry));
    for (auto* service : begun) {
        service->set_missing_addresses(addresses_.missing(service->settings()));
        take_up_drain(*service);
    }
    begin(begun);
    await_clock();
}

void managed_services::announced(const std::string& name) {
    const auto* service = find(name);
    if (service == nullptr)
        return;
    addresses_.service_changed(*service);
    changed_hold_downs_.insert(name);
    keep_hold_downs();
}

/// One writing at a time: what changes meanwhile is in the next.
void managed_services::keep_hold_downs() {
    std::map<std::string, std::optional<service::stored_hold_down>> changes;
    if (keeping_hold_downs_)
        return;
    for (const auto& name : std::exchange(changed_hold_downs_, {}))
        if (const auto* service = find(name))
            if (auto now = service->stored_hold_down(); now || hold_downs_.all().contains(name))
                changes.emplace(name, now);
    if (changes.empty())
        return;
    keeping_hold_downs_ = true;
    hold_downs_.apply(
        [changes](service::stored_hold_downs& all) {
            for (const auto& [name, hold] : changes)
                if (hold)
                    all[name] = *hold;
                else
                    all.erase(name);
        },
        [this](std::error_code error) {
            if (error)
                log(log_level::warning, "hold_down",
                    fmt::format("hold-downs could not be stored: {}", error.message()));
            keeping_hold_downs_ = false;
            keep_hold_downs();
        });
}

} // namespace herald::daemon
