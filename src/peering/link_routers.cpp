#include "herald/peering/link_routers.hpp"

#include "without_scope.hpp"

#include <fmt/format.h>
#include <utility>

namespace herald::peering {

using boost::asio::ip::address_v6;

namespace {

std::string describe_socket(const std::string& interface, const error_code& error) {
    const bool privileged = error == boost::system::errc::operation_not_permitted ||
                            error == boost::system::errc::permission_denied;
    return fmt::format("routers on {} cannot be found: {}", interface,
                       privileged ? "CAP_NET_RAW is missing" : error.message());
}

std::string describe_several(const std::string& interface, const router_discovery& found) {
    const auto router = without_scope(*found.router()).to_string();
    auto addresses = router;
    for (const auto& each : found.others())
        addresses += " and " + without_scope(each).to_string();
    return fmt::format("several routers on {0}: {1}; herald stays with {2}: to choose, give the "
                       "neighbor an address in place of an interface, as in {2}%{0}",
                       interface, addresses, router);
}

} // namespace

struct link_routers::entry {
    std::optional<link_state> link;            // none: it does not run
    std::optional<router_discovery> discovery; // while it runs
    std::unique_ptr<router_socket> socket;     // null: it does not run, or it could not be opened
    error_code failed;                         // opening it, or the last message sent
    std::unique_ptr<alarm_clock> alarm;        // for what is next, or to open the socket again
};

link_routers::link_routers(environment environment, router_observer& observer)
    : environment_(std::move(environment))
    , observer_(observer) {}

link_routers::~link_routers() = default;

void link_routers::want(const std::set<std::string>& interfaces) {
    std::erase_if(entries_, [&](const auto& each) { return !interfaces.contains(each.first); });
    for (const auto& name : interfaces)
        if (auto& one = entries_[name]; !one) {
            one = std::make_unique<entry>();
            one->alarm = environment_.time->make_alarm();
        }
    links_changed();
}

void link_routers::assume(const std::string& interface, const address_v6& router) {
    const auto found = entries_.find(interface);
    if (found == entries_.end() || !found->second->link || found->second->discovery->router())
        return;
    found->second->discovery->assume(address_v6(router.to_bytes(), found->second->link->index));
}

/// Whoever is told may want other interfaces.
void link_routers::links_changed() {
    news all;
    for (auto& [name, one] : entries_)
        follow(name, *one, all);
    tell(all);
}

void link_routers::follow(const std::string& name, entry& of, news& all) {
    const auto link = environment_.links->link(name);
    if (link == of.link)
        return;
    const auto before = router_on(name);
    of.socket.reset();
    of.alarm->cancel();
    of.failed = {};
    const bool same = link && of.link && link->index == of.link->index;
    of.link = link;
    if (!link)
        of.discovery.reset();
    else if (same)
        of.discovery->change_address(link->address, environment_.time->now());
    else
        of.discovery.emplace(link->address, environment_.chance(), environment_.time->now());
    if (router_on(name) != before)
        all.push_back({name, std::nullopt});
    if (link)
        open(name, of, all);
}

void link_routers::open(const std::string& name, entry& of, news& all) {
    auto made = environment_.make_router_socket();
    const auto error = made->open(
        *of.link, [this, name, alive = std::weak_ptr(alive_)](const router_arrival& arrival) {
            if (!alive.expired())
                received(name, arrival);
        });
    if (!error)
        of.socket = std::move(made);
    set_failed(name, of, error, all);
    set_alarm(name, of);
}

void link_routers::set_failed(const std::string& name, entry& of, const error_code& error,
                              news& all) {
    if (error != std::exchange(of.failed, error) && error)
        all.push_back({name, describe_socket(name, error)});
}

/// While the socket is closed nothing can be sent; what is due meanwhile is done when it opens.
void link_routers::set_alarm(const std::string& name, entry& of) {
    const auto when =
        of.socket ? of.discovery->next_timer() : environment_.time->now() + retry_time;
    of.alarm->set(when, [this, name, alive = std::weak_ptr(alive_)] {
        if (!alive.expired())
            ring(name);
    });
}

/// What has arrived counts first: this program may have been slow, and not the router.
void link_routers::ring(const std::string& name) {
    if (const auto due = entries_.find(name); due != entries_.end() && due->second->socket)
        due->second->socket->read(); // whereupon it may be wanted no more
    const auto found = entries_.find(name);
    if (found == entries_.end() || !found->second->link)
        return;
    if (found->second->socket)
        return handle(name, *found->second,
                      found->second->discovery->expired(environment_.time->now()));
    news all;
    open(name, *found->second, all);
    tell(all);
}

void link_routers::received(const std::string& name, const router_arrival& arrival) {
    const auto found = entries_.find(name);
    const auto message = decode(arrival);
    if (message && found != entries_.end() && found->second->link)
        handle(name, *found->second,
               found->second->discovery->heard(*message, arrival.from, environment_.time->now()));
}

void link_routers::handle(const std::string& name, entry& of, const discovery_actions& actions) {
    news all;
    for (const auto each : actions)
        switch (each) {
        case discovery_action::solicit: send(name, of, router_message::solicitation, all); break;
        case discovery_action::advertise: send(name, of, router_message::advertisement, all); break;
        case discovery_action::router_changed: all.push_back({name, std::nullopt}); break;
        case discovery_action::several_routers:
            all.push_back({name, describe_several(name, *of.discovery)});
            break;
        }
    set_alarm(name, of);
    tell(all);
}

void link_routers::send(const std::string& name, entry& from, router_message message, news& all) {
    set_failed(name, from, from.socket->send(message), all);
}

void link_routers::tell(const news& all) {
    const std::weak_ptr alive = alive_;
    for (const auto& [name, problem] : all) {
        if (alive.expired())
            return;
        if (problem)
            observer_.router_problem(name, *problem);
        else
            observer_.router_changed(name);
    }
}

std::optional<address_v6> link_routers::router_on(const std::string& interface) const {
    const auto found = entries_.find(interface);
    if (found == entries_.end() || !found->second->link)
        return std::nullopt;
    return found->second->discovery->router();
}

std::vector<std::string> link_routers::problems(const std::string& interface) const {
    const auto found = entries_.find(interface);
    if (found == entries_.end() || !found->second->link)
        return {};
    const auto& one = *found->second;
    std::vector<std::string> lines;
    if (one.failed)
        lines.push_back(describe_socket(interface, one.failed));
    if (!one.discovery->others().empty())
        lines.push_back(describe_several(interface, *one.discovery));
    return lines;
}

} // namespace herald::peering
