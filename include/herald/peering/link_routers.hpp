#pragma once

#include "herald/peering/environment.hpp"
#include "herald/peering/router_discovery.hpp"

#include <boost/asio/ip/address_v6.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace herald::peering {

/// Who is told, in the turn of the loop in which it happens. It may ask and change link_routers.
class router_observer {
public:
    virtual ~router_observer() = default;
    /// router_on() answers otherwise now.
    virtual void router_changed(const std::string& interface) = 0;
    /// problems() of this interface has a new line.
    virtual void router_problem(const std::string& interface, const std::string& text) = 0;
};

/// The router at the other end of each link, found by its Router Advertisements, RFC 4861; this
/// side advertises itself there, as no default router, for routers find it that way. Nothing is
/// sent or heard on other links.
class link_routers {
public:
    /// How soon a socket that could not be opened is tried again.
    static constexpr std::chrono::seconds retry_time{1};

    /// Of the environment it uses the executor, time, links, chance and make_router_socket.
    link_routers(environment environment, router_observer& observer);
    ~link_routers();
    link_routers(const link_routers&) = delete;
    link_routers& operator=(const link_routers&) = delete;

    /// From now on these, and no others. The observer is not told of those that are dropped.
    void want(const std::set<std::string>& interfaces);
    /// After want(): the program before this one had found this router there. It stays until
    /// another one is heard and it is not. The observer is not told.
    void assume(const std::string& interface, const boost::asio::ip::address_v6& router);
    /// environment.links answers otherwise.
    void links_changed();

    /// Its link-local address, with the interface's scope. None: no router was heard, or the
    /// interface does not run.
    std::optional<boost::asio::ip::address_v6> router_on(const std::string& interface) const;
    /// Why none can be found, and whether there are several: a line each.
    std::vector<std::string> problems(const std::string& interface) const;

private:
    struct entry;
    /// For the observer: the interface, and its problem, or none: its router changed.
    using news = std::vector<std::pair<std::string, std::optional<std::string>>>;

    void follow(const std::string& name, entry& of, news& all);
    void open(const std::string& name, entry& of, news& all);
    void ring(const std::string& name);
    void received(const std::string& name, const router_arrival& arrival);
    void handle(const std::string& name, entry& of, const discovery_actions& actions);
    void send(const std::string& name, entry& from, router_message message, news& all);
    void set_failed(const std::string& name, entry& of, const error_code& error, news& all);
    void set_alarm(const std::string& name, entry& of);
    void tell(const news& all);

    std::map<std::string, std::unique_ptr<entry>, std::less<>> entries_; // by interface
    environment environment_;
    router_observer& observer_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace herald::peering
