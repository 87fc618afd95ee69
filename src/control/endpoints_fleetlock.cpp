#include "herald/control/endpoints.hpp"
#include "reply_of.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <utility>

// FleetLock, by which agents such as Zincati ask whether the node may be rebooted: one that may is
// drained when it is told so. Errors have the protocol's own form.

namespace herald::control {

namespace json = boost::json;

namespace {

constexpr std::string_view agents_name = "FleetLock";

response lock_problem(unsigned status, std::string_view kind, std::string_view value) {
    auto answer =
        show(json::object{{"kind", json::string_view(kind)}, {"value", json::string_view(value)}});
    answer.status = status;
    return answer;
}

response lock_problem(const refusal& refused) {
    const auto shown = problem(refused);
    return lock_problem(shown.status, refused.reason, refused.detail);
}

/// What the agent says of itself: {"client_params": {"id": …, "group": …}}. None: it does not
/// speak the protocol.
std::optional<caller> agent_of(const call& asked) {
    boost::system::error_code error;
    const auto body = json::parse(asked.body, error);
    const auto* whole = error ? nullptr : body.if_object();
    const auto* parameters = whole == nullptr ? nullptr : whole->if_contains("client_params");
    const auto* object = parameters == nullptr ? nullptr : parameters->if_object();
    const auto* id = object == nullptr ? nullptr : object->if_contains("id");
    if (!asked.fleet_lock || id == nullptr || !id->is_string())
        return std::nullopt;
    constexpr std::size_t longest = 100;
    return caller{asked.user, fmt::format("{} {}", agents_name,
                                          std::string_view(id->get_string()).substr(0, longest))};
}

response not_fleet_lock() {
    return lock_problem(400, "not_fleet_lock",
                        "expected the header \"fleet-lock-protocol: true\" and a JSON object with "
                        "client_params");
}

/// Those that an operator has drained, or just those that the agent has.
std::vector<std::string> drained(const operations& daemon, bool by_agent) {
    std::vector<std::string> names;
    for (const auto& name : daemon.service_names())
        if (const auto service = daemon.service(name))
            for (const auto& drain : service->drains)
                if (drain.source == "operator" && (!by_agent || drain.by.starts_with(agents_name)))
                    names.push_back(name);
    return names;
}

std::vector<std::string> not_drained(const operations& daemon) {
    auto names = daemon.service_names();
    for (const auto& name : drained(daemon, false))
        std::erase(names, name);
    return names;
}

/// Until neighbors have acknowledged that all is withdrawn.
answering wait_withdrawn(call& asked) {
    const wait_request until{condition::withdrawn, asked.daemon().service_names()};
    if (auto already = look(until, asked.daemon()))
        co_return *std::move(already);
    const auto reply = std::make_shared<later<response>>(asked.behind->executor);
    asked.behind->waits.add(until, reply);
    asked.client.waits_for(reply, true);
    auto given = co_await reply->get(until.timeout);
    co_return given ? *std::move(given) : wait_timed_out(until);
}

} // namespace

answering pre_reboot(call& asked) {
    const auto agent = agent_of(asked);
    if (!agent)
        co_return not_fleet_lock();
    drain_request request;
    request.services = not_drained(asked.daemon());
    request.reason = "reboot";
    if (!request.services.empty()) {
        std::shared_ptr<void> place;
        const auto ask = [&](operations& daemon, done reply) {
            place = daemon.drain(*agent, request, std::move(reply));
        };
        const auto how = co_await reply_of<void>(asked, ask);
        if (!how)
            co_return lock_problem(how.error());
    }
    const auto withdrawn = co_await wait_withdrawn(asked);
    if (withdrawn.status != 200)
        co_return lock_problem(503, "not_withdrawn", "it is drained, and not yet withdrawn");
    co_return show(json::object{});
}

answering steady_state(call& asked) {
    const auto agent = agent_of(asked);
    if (!agent)
        co_return not_fleet_lock();
    undrain_request request{drained(asked.daemon(), true)};
    if (request.services.empty())
        co_return show(json::object{});
    const auto ask = [&](operations& daemon, done reply) {
        daemon.undrain(*agent, request, std::move(reply));
    };
    const auto how = co_await reply_of<void>(asked, ask);
    if (!how)
        co_return lock_problem(how.error());
    co_return show(json::object{});
}

} // namespace herald::control
