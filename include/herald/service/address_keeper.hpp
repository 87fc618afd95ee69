#pragma once

#include "herald/service/address_table.hpp"
#include "herald/service/owned_address.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace herald::service {

class state_writer;

/// Whom an address_keeper works for.
class address_owner {
public:
    virtual ~address_owner() = default;
    /// Calls `done` once every neighbor has acknowledged what it was sent so far.
    virtual void when_acknowledged(std::function<void()> done) = 0;
    /// Whether a service that has this address is announced, or may be once its checks settle.
    virtual bool in_use(const boost::asio::ip::address& address) const = 0;
    virtual void address_added(const owned_address& which) = 0;
    virtual void address_removed(const owned_address& which) = 0;
    /// It could not be added, removed or remembered; a line for people.
    virtual void address_problem(const std::string& text) = 0;
};

/// Gives interfaces the addresses that services need, and takes away those it gave: once no service
/// needs them, the withdrawals are acknowledged, and `settle_time` has passed in which routers stop
/// sending. An address in use goes only when another interface has it, or another prefix length.
/// What it adds is first remembered in `<directory>/addresses.json`, so that the next daemon can
/// remove it. Addresses that were there are used and never removed.
class address_keeper {
public:
    static constexpr std::chrono::seconds settle_time{1};
    /// How soon what is missing, or what failed, is tried again.
    static constexpr std::chrono::seconds retry_time{1};

    address_keeper(boost::asio::any_io_executor executor, const std::filesystem::path& directory,
                   address_table& table, address_owner& owner);
    ~address_keeper();
    address_keeper(const address_keeper&) = delete;
    address_keeper& operator=(const address_keeper&) = delete;

    /// What the last daemon added. The error is a line for people.
    std::expected<void, std::string> load();
    const owned_addresses& owned() const { return owned_; }

    /// Whether `service` needs the address there, from now on. Saying it twice changes nothing.
    void need(const std::string& service, const owned_address& which, bool needed);
    /// Leaves an address that was added where it is: it is herald's no more.
    void leave(const owned_address& which);
    /// Removes what the last daemon added and no service has any more.
    void remove_all_but(const std::set<owned_address>& configured);
    /// Whether nothing is being added, removed or remembered.
    bool idle() const;
    /// The table has changed.
    void look();
    /// Removes all that was added, after `settle_time`.
    void end();

private:
    struct ownership {
        std::set<std::string> services; // that need it
        boost::asio::steady_timer timer;
        std::uint64_t generation = 0; // of what is waited for; what an older one brings is stale
        bool ours = false;            // we added it, and it was never gone since
        bool seen = false;            // the table has had it since; of IPv6 it is told later
        bool busy = false;            // it is being remembered and added, or removed
        bool retrying = false;        // an attempt to add it is due
        bool leaving = false;         // it is to be removed
    };

    ownership& entry_of(const owned_address& which);
    bool is_placed(const owned_address& which) const;
    bool is_there(const owned_address& which) const;
    bool is_elsewhere(const owned_address& which) const;
    void acquire(const owned_address& which);
    void add(const owned_address& which);
    void added(const owned_address& which, const std::expected<bool, std::string>& how);
    void release(const owned_address& which);
    void remove(const owned_address& which);
    void removed(const owned_address& which, const std::expected<void, std::string>& how);
    void retry(const owned_address& which);
    void forget(const owned_address& which);
    void after(const owned_address& which, std::chrono::milliseconds delay,
               void (address_keeper::*act)(const owned_address&));
    void remember(std::function<void()> then);

    boost::asio::any_io_executor executor_;
    std::unique_ptr<state_writer> writer_;
    address_table& table_;
    address_owner& owner_;
    owned_addresses owned_; // as remembered
    std::map<owned_address, ownership> entries_;
    std::uint64_t last_generation_ = 0;
    bool ending_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace herald::service
