#pragma once

#include "herald/fleet/etcd_client.hpp"
#include "herald/fleet/fleet_settings.hpp"
#include "herald/fleet/guard.hpp"
#include "herald/fleet/shelf.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace herald::fleet {

/// Who is told of what the store says.
class store_observer {
public:
    virtual ~store_observer() = default;
    /// What is on the shelf is what the store has.
    virtual void seen() = 0;
    /// The store cannot be asked, or not by us; told once until it is seen again.
    virtual void lost(const std::string& why) = 0;
    /// How a write of this service ended.
    virtual void answered(const std::string& service, const guard_event& how) = 0;
};

/// The roster on etcd: keeps our lease and our place among those who are present, follows what all
/// say, and writes what our guards want written. Owned by a shared_ptr; stop() comes before the
/// last one goes.
class store : public std::enable_shared_from_this<store> {
public:
    /// Of what others have left.
    enum class remainder : std::uint8_t { permits, everything };
    using outcome = std::function<void(std::expected<void, std::string>)>;

    /// `instance` tells this daemon from another one that calls itself the same.
    store(boost::asio::any_io_executor executor, fleet_settings settings, std::string instance,
          store_observer& observer);

    void begin();
    /// Nothing is told after this. With `for_good` we are not present any more: `done` is called
    /// once etcd knows, or cannot be told.
    void stop(bool for_good, std::function<void()> done);

    void perform(const std::string& service, const guard_action& action);
    /// We have this service no more, and others need not know of it.
    void forget(const std::string& service);
    /// Whether all that we say is true: we are present from then on, and only then.
    void set_truthful(bool truthful);
    /// Takes away what a node has left that is not present. The error is a line for people.
    void clear(const std::string& node, remainder what, outcome tell);

    const fleet::shelf& shelf() const { return shelf_; }
    bool reached() const { return reached_; }
    bool present() const { return present_; }
    /// What went wrong last; a line for people.
    const std::string& trouble() const { return trouble_; }

private:
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> follow(std::uint64_t life);
    boost::asio::awaitable<std::string> follow_once(std::uint64_t life);
    boost::asio::awaitable<void> beat();
    boost::asio::awaitable<std::string> beat_once();
    boost::asio::awaitable<std::string> hold_lease();
    boost::asio::awaitable<std::string> appear();
    boost::asio::awaitable<std::string> read_all();
    boost::asio::awaitable<void> commit(std::string service, write what);
    boost::asio::awaitable<void> change_queue(std::string service);
    boost::asio::awaitable<void> erase(std::string service);
    boost::asio::awaitable<void> clear_now(std::string node, remainder what, outcome tell);
    boost::asio::awaitable<void> pause(boost::asio::steady_timer& timer,
                                       std::chrono::milliseconds how_long);
    etcd_transaction appearance() const;
    std::optional<etcd_transaction> clearing(const std::string& node, remainder what) const;
    etcd_transaction transaction_of(const std::string& service, const write& what) const;
    void tell(const guard_event& how, const std::string& service);
    void lose(const std::string& why);
    std::string namesake() const;
    bool is_alive(std::uint64_t life) const;
    std::chrono::milliseconds next_back_off();
    void spawn(boost::asio::awaitable<void> what);

    boost::asio::any_io_executor executor_;
    fleet_settings settings_;
    std::string instance_;
    store_observer& observer_;
    etcd_client client_;
    fleet::shelf shelf_;
    boost::asio::steady_timer beat_timer_;
    boost::asio::steady_timer follow_timer_;
    lease_id lease_ = 0;
    std::set<std::string> queued_;                   // services whose drain waits for its turn
    std::uint64_t life_ = 0;                         // from one loss of the store to the next
    std::chrono::steady_clock::time_point alive_at_; // the lease was kept alive
    std::chrono::milliseconds back_off_{0};
    bool stopped_ = false;
    bool reached_ = false;
    bool truthful_ = false;
    bool present_ = false;
    std::string trouble_ = "etcd has not answered yet";
};

} // namespace herald::fleet
