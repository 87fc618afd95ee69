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

bool is_managed(const config::service_entry& entry) {
    return entry.service.manage_addresses;
}

bool has_addresses(const config::service_entry& entry) {
    return !entry.service.addresses.empty();
}

/// What herald has to give to interfaces for a service.
std::set<service::owned_address> managed_by(const config::service_entry& entry) {
    std::set<service::owned_address> all;
    if (is_managed(entry))
        for (const auto& address : entry.service.addresses)
            all.insert({address, entry.service.interface});
    return all;
}

/// Announced as far as its checks and drains go, or maybe soon: its checks have not settled.
bool may_be_announced(const managed_service& service) {
    return service.health() == service::health_state::unknown ||
           service.heard_with_addresses() != net::announcement::none;
}

bool has(const managed_service& service, const boost::asio::ip::address& address) {
    const auto& all = service.settings().service.addresses;
    return std::ranges::find(all, address) != all.end();
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

/// The kernel is always asked: a reload, which must not wait, then knows its addresses already.
std::expected<void, std::string> service_addresses::start() {
    const auto opened = open();
    if (auto loaded = keeper_.load(); !loaded)
        return loaded;
    std::vector<config::service_entry> entries;
    entries.reserve(services_.size());
    for (const auto& service : services_)
        entries.push_back(service->settings());
    if (!opened && !keeper_.owned().empty())
        return opened;
    if (auto possible = prepare(entries); !possible)
        return possible;
    for (const auto& which : service::owned_addresses(keeper_.owned()))
        if (is_left_to_operator(which))
            leave(which);
    keeper_.remove_all_but(managed());
    kernel_.finish();
    addresses_changed();
    return {};
}

std::expected<void, std::string> service_addresses::open() {
    return kernel_.is_open() ? std::expected<void, std::string>()
                             : kernel_.open([this] { addresses_changed(); });
}

std::set<service::owned_address> service_addresses::managed() const {
    std::set<service::owned_address> all;
    for (const auto& service : services_)
        all.merge(managed_by(service->settings()));
    return all;
}

/// A service that needs it now, or maybe soon, has it without managing it.
bool service_addresses::is_left_to_operator(const service::owned_address& which) const {
    return keeper_.owned().contains(which) && !managed().contains(which) &&
           std::ranges::any_of(services_, [&](const auto& service) {
               return has(*service, which.address) && !is_managed(service->settings()) &&
                      may_be_announced(*service);
           });
}

void service_addresses::leave(const service::owned_address& which) {
    keeper_.leave(which);
    log(log_level::info, "address_left",
        fmt::format("address {} stays on {}, and is left to the operator: its service does not "
                    "manage its addresses any more",
                    which.address.to_string(), which.interface));
}

std::expected<void, std::string>
service_addresses::prepare(const std::vector<config::service_entry>& next) {
    if (std::ranges::any_of(next, has_addresses))
        if (auto opened = open(); !opened)
            return opened;
    if (std::ranges::any_of(next, is_managed))
        if (auto allowed = service::kernel_addresses::may_change(); !allowed)
            return std::unexpected(fmt::format("manage_addresses: {}", allowed.error()));
    return {};
}

void service_addresses::services_changed(const std::vector<config::service_entry>& before) {
    for (const auto& entry : before) {
        std::set<service::owned_address> kept;
        for (const auto& service : services_)
            if (service->name() == entry.service.name)
                kept = managed_by(service->settings());
        for (const auto& address : managed_by(entry)) {
            if (kept.contains(address))
                continue;
            if (is_left_to_operator(address))
                leave(address);
            else
                keeper_.need(entry.service.name, address, false);
        }
    }
    for (const auto& service : services_)
        service_changed(*service);
    addresses_changed();
}

std::vector<boost::asio::ip::address>
service_addresses::missing(const config::service_entry& entry) const {
    std::vector<boost::asio::ip::address> all;
    for (const auto& address : entry.service.addresses)
        if (kernel_.find(address) != service::presence::usable)
            all.push_back(address);
    return all;
}

void service_addresses::addresses_changed() {
    if (!kernel_.is_open())
        return;
    for (const auto& service : services_) {
        auto now = missing(service->settings());
        if (now != service->missing_addresses())
            service->set_missing_addresses(std::move(now));
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

bool service_addresses::in_use(const boost::asio::ip::address& address) const {
    return std::ranges::any_of(services_, [&](const auto& service) {
        return has(*service, address) && may_be_announced(*service);
    });
}

void service_addresses::address_added(const service::owned_address& which) {
    problems_.clear();
    log(log_level::info, "address_added",
        fmt::format("address {} was added to {}", which.address.to_string(), which.interface));
}

void service_addresses::address_removed(const service::owned_address& which) {
    log(log_level::info, "address_removed",
        fmt::format("address {} was removed from {}", which.address.to_string(), which.interface));
}

void service_addresses::address_problem(const std::string& text) {
    // The same comes again with every attempt.
    if (problems_.insert(text).second)
        log(log_level::error, "address_problem", text);
}

} // namespace herald::daemon
