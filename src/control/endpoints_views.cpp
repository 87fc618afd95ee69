#include "herald/control/answers.hpp"
#include "herald/control/endpoints.hpp"
#include "herald/control/event_view.hpp"
#include "herald/control/list_text.hpp"
#include "herald/control/metrics.hpp"
#include "herald/control/readiness.hpp"
#include "herald/control/status_page.hpp"
#include "herald/control/views.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

// Endpoints that show something. A co_await has a statement of its own: GCC 12 miscompiles others.

namespace herald::control {

namespace json = boost::json;
namespace asio = boost::asio;

response invalid(std::string_view detail) {
    return problem(400, "invalid_request", detail);
}

response unknown_parameter(std::string_view name) {
    return invalid(fmt::format("unknown parameter \"{}\"", name));
}

response nothing_here() {
    return problem(404, "unknown_path", "there is nothing at this path");
}

namespace {

/// Work on the loop that lets others have their turn.
class slice {
public:
    explicit slice(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    bool is_over() const {
        return std::chrono::steady_clock::now() - began_ > std::chrono::milliseconds(1);
    }
    asio::awaitable<void> rest() {
        co_await asio::post(executor_, asio::use_awaitable);
        began_ = std::chrono::steady_clock::now();
    }

private:
    asio::any_io_executor executor_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// What a page ends with, and the next one is asked for by.
std::string cursor(const std::string& name) {
    return name;
}
std::string cursor(const check_name& which) {
    return which.service + "/" + which.name;
}
std::string cursor(const route_view& route) {
    return route.neighbor + " " + route.prefix;
}

response no_such_page(std::string_view after) {
    return invalid(
        fmt::format("\"after\" must be what a page gave as \"next\": \"{}\" is not", after));
}

/// A list of things, or a page of it. `view_of` makes one's view; none: it is gone by now.
template <typename Name, typename ViewOf>
answering list(call& asked, std::string_view key, std::vector<Name> names, ViewOf view_of) {
    const auto part = take_page(asked.parameters);
    if (!part)
        co_return invalid(part.error());
    if (!asked.parameters.empty())
        co_return unknown_parameter(asked.parameters.front().name);
    auto at = names.begin();
    if (!part->after.empty()) {
        at = std::ranges::find_if(names,
                                  [&](const auto& name) { return cursor(name) == part->after; });
        if (at == names.end())
            co_return no_such_page(part->after);
        ++at;
    }
    co_await asked.behind->lists->enter(asked.behind->executor);
    const turnstile::visit inside(asked.behind->lists);
    list_text text(key);
    slice work(asked.behind->executor);
    for (; at != names.end() && text.count() < part->limit; ++at) {
        if (work.is_over())
            co_await work.rest();
        if (asked.is_over())
            co_return problem(is_stopping());
        if (!asked.behind->budget->has_room(text.size()))
            co_return busy();
        if (const auto view = view_of(asked.daemon(), *at))
            text.add(to_json(*view));
    }
    co_return std::move(text).end(at == names.end() ? std::nullopt
                                                    : std::optional(cursor(*std::prev(at))));
}

} // namespace

answering show_status(call& asked) {
    co_return show(to_json(asked.daemon().status()));
}

answering show_neighbors(call& asked) {
    return list(asked, "neighbors", asked.daemon().neighbor_names(),
                [](const operations& daemon, const auto& name) { return daemon.neighbor(name); });
}

answering show_neighbor(call& asked) {
    const auto neighbor = asked.daemon().neighbor(asked.names[0]);
    co_return neighbor ? show(to_json(*neighbor)) : problem(no_neighbor(asked.names[0]));
}

answering show_fleet(call& asked) {
    co_return show(to_json(asked.daemon().fleet()));
}

answering show_services(call& asked) {
    return list(asked, "services", asked.daemon().service_names(),
                [](const operations& daemon, const auto& name) { return daemon.service(name); });
}

answering show_service(call& asked) {
    const auto service = asked.daemon().service(asked.names[0]);
    co_return service ? show(to_json(*service)) : problem(no_service(asked.names[0]));
}

answering show_checks(call& asked) {
    return list(asked, "checks", asked.daemon().check_names(),
                [](const operations& daemon, const auto& which) { return daemon.check(which); });
}

namespace {

/// The routes that are asked for: of these neighbors, after this prefix of the first.
struct route_question {
    std::vector<std::string> neighbors;
    std::string after;
    std::size_t limit = 0;
};

std::expected<route_question, response> parse_routes(call& asked) {
    const auto part = take_page(asked.parameters);
    if (!part)
        return std::unexpected(invalid(part.error()));
    route_question question{asked.daemon().neighbor_names(), {}, part->limit};
    for (const auto& given : asked.parameters) {
        if (given.name != "neighbor")
            return std::unexpected(unknown_parameter(given.name));
        if (std::ranges::find(question.neighbors, given.value) == question.neighbors.end())
            return std::unexpected(problem(no_neighbor(given.value)));
        question.neighbors = {given.value};
    }
    if (part->after.empty())
        return question;
    const auto blank = std::min(part->after.rfind(' '), part->after.size());
    const auto at = std::ranges::find(question.neighbors, part->after.substr(0, blank));
    if (at == question.neighbors.end() || blank == part->after.size())
        return std::unexpected(no_such_page(part->after));
    question.neighbors.erase(question.neighbors.begin(), at);
    question.after = part->after.substr(blank + 1);
    return question;
}

} // namespace

answering show_routes(call& asked) {
    constexpr std::size_t at_once = 500; // a turn of the loop has less than that
    auto question = parse_routes(asked);
    if (!question)
        co_return std::move(question.error());
    co_await asked.behind->lists->enter(asked.behind->executor);
    const turnstile::visit inside(asked.behind->lists);
    list_text text("routes");
    slice work(asked.behind->executor);
    std::string last;
    for (auto at = question->neighbors.begin(); at != question->neighbors.end();) {
        if (work.is_over())
            co_await work.rest();
        if (asked.is_over())
            co_return problem(is_stopping());
        if (!asked.behind->budget->has_room(text.size()))
            co_return busy();
        const auto most = std::min(at_once, question->limit - text.count() + 1);
        const auto some = asked.daemon().routes(*at, question->after, most);
        if (!some && some.error().type == refusal::kind::invalid)
            co_return problem(some.error());
        for (const auto& route : some.value_or(std::vector<route_view>{})) {
            if (text.count() == question->limit)
                co_return std::move(text).end(last);
            text.add(to_json(route));
            last = cursor(route);
            question->after = route.prefix;
        }
        if (!some || some->size() < most) {
            ++at;
            question->after.clear();
        }
    }
    co_return std::move(text).end(std::nullopt);
}

answering explain(call& asked) {
    std::string prefix;
    for (const auto& given : asked.parameters) {
        if (given.name != "prefix")
            co_return unknown_parameter(given.name);
        prefix = given.value;
    }
    if (prefix.empty())
        co_return invalid("the parameter \"prefix\" is missing");
    const auto explained = asked.daemon().explain(prefix);
    co_return explained ? show(to_json(*explained)) : problem(explained.error());
}

answering follow_events(call&) {
    co_return response{.body = "", .type = "application/x-ndjson", .endless = true};
}

answering show_recent_events(call& asked) {
    co_return show(json::object{{"events", to_json(asked.daemon().recent_events())}});
}

answering show_metrics(call& asked) {
    // The type that Prometheus asks for, with the version of the format.
    co_return response{.body = to_metrics(asked.daemon().status(), asked.daemon().measured()),
                       .type = "text/plain; version=0.0.4; charset=utf-8"};
}

/// That it is answered at all says that the loop turns.
answering show_live(call&) {
    co_return show_text(200, "ok\n");
}

answering show_ready(call& asked) {
    const auto reasons = unready(asked.daemon().status());
    co_return reasons.empty() ? show_text(200, "ok\n")
                              : show_text(503, fmt::format("{}\n", fmt::join(reasons, "\n")));
}

answering show_page(call&) {
    co_return status_page();
}

answering wait(call& asked) {
    const auto parsed = parse_wait(asked.parameters);
    if (!parsed)
        co_return invalid(parsed.error());
    if (auto already = look(*parsed, asked.daemon()))
        co_return *std::move(already);
    const auto reply = std::make_shared<later<response>>(asked.behind->executor);
    asked.behind->waits.add(*parsed, reply);
    asked.client.waits_for(reply, true);
    auto given = co_await reply->get(parsed->timeout);
    if (given)
        co_return *std::move(given);
    co_return reply->abandoned()
        ? problem(400, "client_gone", "the connection was closed before the condition held")
        : wait_timed_out(*parsed);
}

} // namespace herald::control
