#pragma once

#include "herald/config/configuration.hpp"
#include "herald/daemon/fleet_claim.hpp"
#include "herald/daemon/managed_services.hpp"
#include "herald/fleet/guard.hpp"
#include "herald/fleet/store.hpp"
#include "herald/peering/speaker.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herald::daemon {

/// The node's part in the fleet: a guard for each service, with one store for all. What a service
/// may do follows from its guard at once; what the guard is told follows from the service, once
/// neighbors have heard of it. Without [fleet] nothing is guarded.
class fleet_keeper final : private fleet::store_observer, private claim_office {
public:
    /// Who we are is kept in the directory `state`.
    fleet_keeper(boost::asio::any_io_executor executor, std::filesystem::path state,
                 managed_services& services, const peering::speaker& speaker);
    ~fleet_keeper() override;

    /// Before apply(): finds out who we are. The error is a line for people.
    std::expected<void, std::string> prepare(const config::configuration& settings);
    /// At the start, and after services were changed by a reload.
    void apply(const config::configuration& settings);
    /// The records say that we have stopped; with `for_good` others see that we are gone.
    void stop(const std::string& why, bool for_good);

    /// A check of it ran, or its state has changed.
    void look_at(const std::string& service);
    /// A session came or went.
    void sessions_changed();

    /// Whether a drain of one of these needs a permit.
    bool guards(const std::vector<std::string>& services) const;
    /// Permits to drain these services, one after the other, once it is told to go on.
    std::shared_ptr<fleet_claim> ask(std::vector<std::string> services, fleet::need::drain what,
                                     fleet_claim::outcome tell);

    const fleet::fleet_settings& settings() const { return settings_; }
    /// Null without [fleet].
    fleet::store* store() const { return store_.get(); }
    /// Null: there is none.
    const fleet::guard* guard_of(const std::string& service) const override;

private:
    /// One service.
    struct guarded {
        fleet::guard guard;
        std::optional<fleet::need::drain> drain; // asked for, and not yet in force
        std::optional<fleet::record> said;
        fleet::need needed;
    };
    enum class store_end : std::uint8_t { abrupt, for_another, for_good };

    // fleet::store_observer
    void seen() override;
    void lost(const std::string& why) override;
    void answered(const std::string& service, const fleet::guard_event& how) override;

    // claim_office
    void want(const std::string& service, std::optional<fleet::need::drain> drain) override;

    void change_guards();
    void end_store(store_end how);
    void handle(const std::string& service, const fleet::guard_event& event);
    void perform(const std::string& service, const std::vector<fleet::guard_action>& actions);
    void pass_on(const std::string& service);
    void await_deadline();
    void deadline_has_come();
    void settle();
    void look_at_all();
    bool take_in(const std::string& name);
    std::vector<std::string> names() const;
    fleet::need need_of(const managed_service& service, guarded& one) const;
    fleet::record record_of(const managed_service& service, const guarded& one) const;
    unsigned neighbors_of(const managed_service& service) const;

    boost::asio::any_io_executor executor_;
    std::filesystem::path state_;
    managed_services& services_;
    const peering::speaker& speaker_;
    std::string instance_;
    fleet::fleet_settings settings_;
    std::shared_ptr<fleet::store> store_;
    std::map<std::string, guarded, std::less<>> guarded_;
    std::vector<std::weak_ptr<fleet_claim>> claims_;
    boost::asio::steady_timer alarm_;
    boost::asio::steady_timer recount_;
    bool stopped_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace herald::daemon
