#pragma once

#include "herald/daemon/managed_service.hpp"
#include "herald/peering/speaker.hpp"
#include "herald/service/address_keeper.hpp"
#include "herald/service/kernel_addresses.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace herald::daemon {

/// The services' addresses: tells each service which of them are missing, and has those added and
/// removed that herald manages.
class service_addresses final : private service::address_owner {
public:
    service_addresses(const boost::asio::any_io_executor& executor,
                      const std::filesystem::path& state,
                      const std::vector<std::unique_ptr<managed_service>>& services,
                      peering::speaker& speaker);

    /// The error is a line for people.
    std::expected<void, std::string> start();
    /// Whether services with these settings can be had; asked before a reload takes them. The error
    /// is a line for people.
    std::expected<void, std::string> prepare(const std::vector<config::service_entry>& next);
    /// Which addresses of these settings are on no interface.
    std::vector<boost::asio::ip::address> missing(const config::service_entry& entry) const;
    /// The services have other settings than `before`: what none of them has any more is let go. An
    /// address in use that its service no longer manages is left where it is, to the operator.
    void services_changed(const std::vector<config::service_entry>& before);
    /// Adds or lets go what a settled service needs by its state.
    void service_changed(const managed_service& service);
    bool idle() const { return keeper_.idle(); }
    /// The sessions have ended. If `for_good`, managed addresses go, a settle time later; over a
    /// restart they stay.
    void stop(bool for_good);

private:
    void when_acknowledged(std::function<void()> done) override;
    bool in_use(const boost::asio::ip::address& address) const override;
    void address_added(const service::owned_address& which) override;
    void address_removed(const service::owned_address& which) override;
    void address_problem(const std::string& text) override;

    void addresses_changed();
    std::expected<void, std::string> open();
    bool is_left_to_operator(const service::owned_address& which) const;
    void leave(const service::owned_address& which);
    std::set<service::owned_address> managed() const;

    const std::vector<std::unique_ptr<managed_service>>& services_;
    peering::speaker& speaker_;
    service::kernel_addresses kernel_;
    service::address_keeper keeper_;
    std::set<std::string> problems_; // that were logged, since an address was last added
};

} // namespace herald::daemon
