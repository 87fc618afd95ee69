#include "herald/daemon/service_addresses.hpp"

#include "herald/daemon/log.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <set>
#include <utility>

namespace herald::daemon {

namespace {

/// How long one wait for the neighbors' acknowledgement lasts; there may be another.
constexpr std::chrono::minutes acknowledgement_wait{10};

bool is_managed(const std::unique_ptr<managed_service>& service) {
    return service->settings().service.manage_addresses;
}

bool has_addresses(const std::unique_ptr<managed_service>& service) {
    return !service->settings().service.addresses.empty();
}

} // namespace

service_addresses::service_addresses(const boost::asio::any_io_executor& executor,
                                     const std::filesystem::path& state,
                                     const std::vector<std::unique_ptr<managed_service>>& services,
                                     peering::speaker& speaker)
    : services_(services)
    , speaker_(speaker)
    , kernel_(executor)
    , keeper_(executor, state, kernel_, *this) {}

std::expected<void, std::string> service_addresses::start() {
    if (auto loaded = keeper_.load(); !loaded)
        return loaded;
    if (std::ranges::none_of(services_, has_addresses) && keeper_.owned().empty())
        return {};
    if (auto opened = kernel_.open([this] { addresses_changed(); }); !opened)
        return opened;
    if (std::ranges::any_of(services_, is_managed))
        if (auto allowed = kernel_.may_change(); !allowed)
            return std::unexpected(fmt::format("manage_addresses: {}", allowed.error()));
    std::set<service::owned_address> configured;
    for (const auto& service : services_)
        if (is_managed(service))
            for (const auto& address : service->settings().service.addresses)
                configured.insert({address, service->settings().service.interface});
    keeper_.remove_all_but(configured);
    addresses_changed();
    return {};
}

void service_addresses::addresses_changed() {
    for (const auto& service : services_) {
        if (!has_addresses(service))
            continue;
        std::vector<boost::asio::ip::address> missing;
        for (const auto& address : service->settings().service.addresses)
            if (kernel_.find(address) != service::presence::usable)
                missing.push_back(address);
        if (missing != service->missing_addresses())
            service->set_missing_addresses(std::move(missing));
    }
    keeper_.look();
}

void service_addresses::service_changed(const managed_service& service) {
    const auto& settings = service.settings().service;
    // A restart must not take addresses away before it is known whether they are needed.
    if (!settings.manage_addresses || service.health() == service::health_state::unknown)
        return;
    const bool needed = service.heard_with_addresses() != net::announcement::none;
    for (const auto& address : settings.addresses)
        keeper_.need(service.name(), {address, settings.interface}, needed);
}

void service_addresses::stop(bool for_good) {
    kernel_.close();
    if (for_good)
        keeper_.end();
}

void service_addresses::when_acknowledged(std::function<void()> done) {
    speaker_.when_acknowledged(acknowledgement_wait, [this, done = std::move(done)] {
        if (speaker_.acknowledged())
            done();
        else
            when_acknowledged(done);
    });
}

void service_addresses::address_added(const service::owned_address& which) {
    last_problem_.clear();
    log(log_level::info, "address_added",
        fmt::format("address {} was added to {}", which.address.to_string(), which.interface));
}

void service_addresses::address_removed(const service::owned_address& which) {
    log(log_level::info, "address_removed",
        fmt::format("address {} was removed from {}", which.address.to_string(), which.interface));
}

void service_addresses::address_problem(const std::string& text) {
    // The same comes again with every attempt.
    if (std::exchange(last_problem_, text) != text)
        log(log_level::error, "address_problem", text);
}

} // namespace herald::daemon
