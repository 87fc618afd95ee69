#include "reply_of.hpp"

#include "herald/control/answers.hpp"
#include "herald/control/endpoints.hpp"
#include "herald/control/request_body.hpp"
#include "herald/control/views.hpp"
#include "herald/text/duration.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <utility>

// Endpoints that change something. A co_await has a statement of its own: GCC 12 miscompiles
// others.

namespace herald::control {

namespace json = boost::json;
namespace asio = boost::asio;

namespace {

/// The services that a request is about: the one in its path, or those in its body.
template <typename Request>
parsed_command<Request> about(const call& asked, parsed_command<Request> given) {
    if (!given || asked.names.empty())
        return given;
    if (!given->wanted.services.empty())
        return std::unexpected("the path names the service: \"services\" has no place in the body");
    given->wanted.services = asked.names;
    return given;
}

/// One service alone; several, or all for no name, as a list.
response show_changed(const operations& daemon, const std::vector<std::string>& names) {
    // None: only its drain was left, and has ended.
    if (names.size() == 1)
        if (const auto service = daemon.service(names.front()))
            return show(to_json(*service));
    json::array changed;
    for (const auto& name : daemon.service_names())
        if (names.empty() || std::ranges::find(names, name) != names.end())
            if (const auto service = daemon.service(name))
                changed.emplace_back(to_json(*service));
    return show(json::object{{"services", std::move(changed)}});
}

/// Why those that wait for a permit have none.
std::string standing(const operations& daemon, const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names.empty() ? daemon.service_names() : names)
        if (const auto service = daemon.service(name);
            service && service->guard && service->guard->refused)
            text += fmt::format("; {}: {}", name, *service->guard->refused);
    return text;
}

/// It has its place in the queue as long as the client is there, and for its time. What needs none,
/// or is kept by the daemon when it is let go, is a drain that has begun, whose end is waited for.
asio::awaitable<outcome<void>> drain_in_turn(call& asked, command<drain_request> given) {
    const auto timeout = given.wanted.timeout;
    const auto services = given.wanted.services;
    std::shared_ptr<void> place;
    const auto ask = [&](operations& daemon, done reply) {
        place = daemon.drain({asked.user, given.by}, std::move(given.wanted), std::move(reply));
    };
    const auto coming = ask_for<void>(asked, ask, true);
    auto how = co_await within<void>(asked, coming, timeout);
    if (how)
        co_return *std::move(how);
    const auto why = standing(asked.daemon(), services);
    const bool needs_none = place == nullptr;
    const std::weak_ptr<void> left = std::exchange(place, nullptr);
    if (!needs_none && left.expired())
        co_return std::unexpected(
            refusal{refusal::kind::late, "queue_timeout",
                    fmt::format("its turn did not come within {}, and nothing is drained{}",
                                text::humanise(timeout), why)});
    how = co_await within<void>(asked, coming, asked.behind->bounds.daemon);
    if (!how)
        co_return std::unexpected(not_finished());
    co_return *std::move(how);
}

} // namespace

answering drain(call& asked) {
    auto given = about(asked, parse_drain(asked.body));
    if (!given)
        co_return invalid(given.error());
    const auto services = given->wanted.services;
    outcome<void> how;
    if (given->wanted.queue) {
        auto turn = drain_in_turn(asked, *std::move(given));
        how = co_await std::move(turn);
    } else {
        std::shared_ptr<void> claim;
        const auto ask = [&](operations& daemon, done reply) {
            claim =
                daemon.drain({asked.user, given->by}, std::move(given->wanted), std::move(reply));
        };
        how = co_await reply_of<void>(asked, ask);
    }
    co_return how ? show_changed(asked.daemon(), services) : problem(how.error());
}

answering undrain(call& asked) {
    auto given = about(asked, parse_undrain(asked.body));
    if (!given)
        co_return invalid(given.error());
    const auto services = given->wanted.services;
    const auto ask = [&](operations& daemon, done reply) {
        daemon.undrain({asked.user, given->by}, std::move(given->wanted), std::move(reply));
    };
    const auto how = co_await reply_of<void>(asked, ask);
    co_return how ? show_changed(asked.daemon(), services) : problem(how.error());
}

answering change_fleet(call& asked) {
    using action = fleet_request::action;
    const auto& what = asked.names[1];
    if (what != "release" && what != "forget")
        co_return nothing_here();
    auto given = parse_fleet(asked.body, what == "release" ? action::release : action::forget);
    if (!given)
        co_return invalid(given.error());
    given->wanted.node = asked.names[0];
    const auto ask = [&](operations& daemon, done reply) {
        daemon.change_fleet({asked.user, given->by}, std::move(given->wanted), std::move(reply));
    };
    const auto how = co_await reply_of<void>(asked, ask);
    co_return how ? show(to_json(asked.daemon().fleet())) : problem(how.error());
}

answering change_neighbor(call& asked) {
    using action = neighbor_request::action;
    static constexpr std::array actions{
        std::pair{"shutdown", action::shutdown}, std::pair{"enable", action::enable},
        std::pair{"reset", action::reset}, std::pair{"refresh", action::refresh}};
    const auto known = std::ranges::find_if(
        actions, [&](const auto& each) { return asked.names[1] == each.first; });
    if (known == actions.end())
        co_return nothing_here();
    auto given = parse_neighbor(asked.body, known->second);
    if (!given)
        co_return invalid(given.error());
    given->wanted.neighbor = asked.names[0];
    const auto ask = [&](operations& daemon, done reply) {
        daemon.change_neighbor({asked.user, given->by}, std::move(given->wanted), std::move(reply));
    };
    const auto how = co_await reply_of<void>(asked, ask);
    if (!how)
        co_return problem(how.error());
    const auto neighbor = asked.daemon().neighbor(asked.names[0]);
    co_return neighbor ? show(to_json(*neighbor)) : problem(no_neighbor(asked.names[0]));
}

answering reload(call& asked) {
    const auto given = parse_reload(asked.body);
    if (!given)
        co_return invalid(given.error());
    const auto ask = [&](operations& daemon, reply_to<reload_view> reply) {
        daemon.reload({asked.user, given->by}, given->wanted, std::move(reply));
    };
    const auto how = co_await reply_of<reload_view>(asked, ask);
    co_return how ? show(to_json(*how)) : problem(how.error());
}

answering change_log(call& asked) {
    const auto given = parse_log(asked.body);
    if (!given)
        co_return invalid(given.error());
    const auto how = asked.daemon().set_log_level({asked.user, given->by}, given->wanted);
    co_return how ? show(json::object{{"level", given->wanted.level}}) : problem(how.error());
}

answering restart(call& asked) {
    const auto given = parse_restart(asked.body);
    if (!given)
        co_return invalid(given.error());
    const auto ask = [&](operations& daemon, reply_to<restart_view> reply) {
        daemon.restart({asked.user, given->by}, given->wanted, std::move(reply));
    };
    const auto how = co_await reply_of<restart_view>(asked, ask);
    co_return how ? show(to_json(*how)) : problem(how.error());
}

answering report(call& asked) {
    auto given = parse_report(asked.body);
    if (!given)
        co_return invalid(given.error());
    given->wanted.service = asked.names[0];
    given->wanted.check = asked.names[1];
    const auto how = asked.daemon().report({asked.user, given->by}, given->wanted);
    if (!how)
        co_return problem(how.error());
    const auto check = asked.daemon().check({asked.names[0], asked.names[1]});
    co_return check ? show(to_json(*check)) : problem(no_check(asked.names[0], asked.names[1]));
}

} // namespace herald::control
