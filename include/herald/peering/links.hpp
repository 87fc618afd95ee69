#pragma once

#include "herald/peering/link_facts.hpp"
#include "herald/peering/time_source.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <set>

namespace herald::peering {

/// This machine's interfaces and their addresses, followed by rtnetlink(7): what the kernel tells
/// is known in the next turn of the loop. If it tells more than the socket holds, all is asked for
/// again, on a thread of its own: another program may hold the kernel's lock for seconds.
class links final : public link_facts {
public:
    /// How soon what could not be opened or asked for is tried again.
    static constexpr std::chrono::seconds retry_time{1};

    links(const boost::asio::any_io_executor& executor, time_source& time);
    ~links() override;
    links(const links&) = delete;
    links& operator=(const links&) = delete;

    /// Subscribes, and asks for all. Blocks: while starting.
    void start();
    /// These addresses of services are never next hops.
    void exclude(std::set<boost::asio::ip::address> addresses);
    /// Nothing is followed from now on, and nobody told.
    void close();

    bgp::interface_addresses beside(const boost::asio::ip::address& local) const override;
    bool on_link(const boost::asio::ip::address& address) const override;
    std::optional<link_state> link(std::string_view name) const override;
    void on_change(std::function<void()> changed) override;

private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

} // namespace herald::peering
