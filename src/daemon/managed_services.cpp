#include "herald/daemon/managed_services.hpp"

#include "herald/daemon/log.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace herald::daemon {

managed_services::managed_services(boost::asio::any_io_executor executor,
                                   const std::filesystem::path& state,
                                   const std::vector<config::service_entry>& entries,
                                   peering::speaker& speaker, service_observer& observer)
    : executor_(std::move(executor))
    , observer_(observer)
    , drains_(executor_, state)
    , drain_files_(executor_, services_)
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
    return addresses_.start();
}

void managed_services::start() {
    for (const auto& service : services_)
        take_up_drain(*service);
    drain_files_.start();
    for (const auto& service : services_)
        service->start();
}

void managed_services::stop() {
    drain_files_.stop();
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
    std::vector<managed_service*> begun;
    std::vector<std::pair<managed_service*, const config::service_entry*>> changed;
    service_observer& self = *this;
    for (const auto& entry : next) {
        const auto known = std::ranges::find_if(before, [&](const auto& service) {
            return service && service->name() == entry.service.name;
        });
        if (known == before.end()) {
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
    drain_files_.start();
    for (auto* service : begun)
        service->start();
}

void managed_services::announced(const std::string& name) {
    if (const auto* service = find(name))
        addresses_.service_changed(*service);
}

void managed_services::drain(const std::vector<std::string>& names,
                             const service::stored_drain& drain, drain_book::outcome tell) {
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

void managed_services::undrain(const std::vector<std::string>& names, drain_book::outcome tell) {
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
        if (const auto drain = drains_.drains().find(name); drain != drains_.drains().end())
            service->drain(by_operator, drain->second);
        else
            service->undrain(by_operator);
    }
}

void managed_services::take_up_drain(managed_service& service) {
    if (auto drain = drains_.drains().find(service.name()); drain != drains_.drains().end())
        service.drain(service::drain_source::by_operator, drain->second);
}

void managed_services::drain_expired(managed_service& which, const service::stored_drain& drain) {
    drains_.apply(
        [name = which.name(), drain](service::stored_drains& drains) {
            // One that the operator has given meanwhile stays.
            if (auto found = drains.find(name); found != drains.end() && found->second == drain)
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
