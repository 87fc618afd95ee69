#include "commands.hpp"

#include "administration.hpp"
#include "asking.hpp"
#include "client.hpp"
#include "listing.hpp"
#include "output.hpp"
#include "screens.hpp"
#include "tables.hpp"
#include "values.hpp"

#include "herald/text/duration.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value_from.hpp>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <vector>

namespace heraldctl {

namespace {

namespace json = boost::json;
namespace po = boost::program_options;
using std::chrono::milliseconds;
using showing = std::string (screen::*)(const json::value&) const;

constexpr int page_size = 1000; // of routes
constexpr std::chrono::hours longest_turn{24};

result<void> show(const global_options& global, std::string target, showing shown) {
    const auto answer = consult(global, {.target = std::move(target)});
    if (!answer)
        return std::unexpected(answer.error());
    if (global.json)
        return {};
    const screen here{{wants_colour(), global.wide}};
    return print((here.*shown)(json::parse(answer->body)));
}

result<void> status(const global_options& global, const po::variables_map&) {
    return show(global, "/v1/status", &screen::status);
}

result<void> neighbors(const global_options& global, const po::variables_map& options) {
    if (const auto name = names_of(options); !name.empty())
        return show(global, "/v1/neighbors/" + encode(name.front()), &screen::neighbor);
    return show(global, "/v1/neighbors", &screen::neighbors);
}

result<void> services(const global_options& global, const po::variables_map& options) {
    if (const auto name = names_of(options); !name.empty())
        return show(global, "/v1/services/" + encode(name.front()), &screen::service);
    return show(global, "/v1/services", &screen::services);
}

result<void> checks(const global_options& global, const po::variables_map&) {
    return show(global, "/v1/checks", &screen::checks);
}

result<void> routes(const global_options& global, const po::variables_map& options) {
    const auto neighbor = option(options, "neighbor");
    const std::string of_neighbor = neighbor.empty() ? "" : "&neighbor=" + encode(neighbor);
    if (global.json)
        return show(global, "/v1/routes" + (neighbor.empty() ? "" : "?" + of_neighbor.substr(1)),
                    &screen::routes);
    json::array routes;
    std::string after;
    do { // a page at a time: the daemon holds no more than that at once
        const auto answer = consult(global, {.target = fmt::format("/v1/routes?limit={}{}{}",
                                                                   page_size, of_neighbor, after)});
        if (!answer)
            return std::unexpected(answer.error());
        const auto page = json::parse(answer->body);
        std::ranges::copy(list(page.as_object(), "routes"), std::back_inserter(routes));
        const auto next = text_of(page.as_object(), "next");
        after = next.empty() ? "" : "&after=" + encode(next);
    } while (!after.empty());
    return print(screen{{wants_colour(), global.wide}}.routes(json::object{{"routes", routes}}));
}

result<void> explain(const global_options& global, const po::variables_map& options) {
    const auto prefix = names_of(options);
    if (prefix.empty())
        return usage("explain takes a prefix, or an address in one");
    return show(global, "/v1/explain?prefix=" + encode(prefix.front()), &screen::explain);
}

result<milliseconds> read_duration(const po::variables_map& options, const std::string& key,
                                   milliseconds otherwise) {
    if (options.count(key) == 0)
        return otherwise;
    const auto duration = herald::text::parse_positive_duration(option(options, key));
    if (!duration)
        return usage(fmt::format("--{}: {}", key, duration.error()));
    return *duration;
}

/// The views of an answer: a service alone, or a list.
std::vector<json::object> views_of(const reply& answer, std::string_view key) {
    const auto value = json::parse(answer.body);
    const auto* many = value.as_object().if_contains(key);
    if (many == nullptr)
        return {value.as_object()};
    std::vector<json::object> views;
    for (const auto& each : many->as_array())
        views.push_back(each.as_object());
    return views;
}

struct waiting {
    std::string_view until;
    std::string_view key; // "service" or "neighbor"
    names who;
    milliseconds timeout{};
};

result<void> wait_for(const global_options& global, const waiting& wanted) {
    auto target = fmt::format("/v1/wait?until={}&timeout={:.3f}", wanted.until,
                              std::chrono::duration<double>(wanted.timeout).count());
    for (const auto& name : wanted.who)
        target += fmt::format("&{}={}", wanted.key, encode(name));
    // The daemon ends the wait; this is for one that does not.
    const auto bound = wanted.timeout + std::chrono::seconds{10};
    const auto answer = consult(global, {.target = std::move(target), .bound = bound});
    if (!answer)
        return std::unexpected(answer.error());
    std::string text;
    for (const auto& name : wanted.who)
        text += fmt::format("{}: {}\n", harmless(name), wanted.until);
    return global.json ? result<void>{} : print(text);
}

/// Whom a drain or an undrain is about, as the request says it.
struct subject {
    std::string target;
    json::object body;
};

/// One service has a path of its own. Several go in one request: one that does not exist refuses
/// it as a whole.
result<subject> subject_of(const po::variables_map& options, std::string_view action) {
    const auto services = names_of(options);
    const bool all = options.count("all") > 0;
    if (all == !services.empty())
        return usage(fmt::format("{} takes names of services, or --all", action));
    if (services.size() == 1)
        return subject{fmt::format("/v1/services/{}/{}", encode(services.front()), action), {}};
    subject several{fmt::format("/v1/{}", action), {}};
    if (!all)
        several.body["services"] = json::value_from(services);
    return several;
}

/// Who else drains a service: ", by the file /run/maintenance".
std::string others(const json::object& service) {
    std::string text;
    for (const auto& each : list(service, "drains"))
        if (const auto& drain = each.as_object(); text_of(drain, "source") != "operator")
            text += fmt::format(", by the {} {}", text_of(drain, "source"),
                                harmless(text_of(drain, "by")));
    return text;
}

/// Asks for the change, and says what became of each service; their names. `turn` is how long it
/// waits for its own.
result<names> change(const global_options& global, const subject& whom,
                     std::optional<milliseconds> turn = std::nullopt) {
    const auto answer = command_daemon(global, whom.target, whom.body, turn);
    if (!answer)
        return std::unexpected(answer.error());
    names changed;
    std::string text;
    for (const auto& service : views_of(*answer, "services")) {
        changed.push_back(text_of(service, "name"));
        text += fmt::format("{}: {}{}\n", harmless(changed.back()),
                            text_of(service, "administration"), others(service));
    }
    if (global.json)
        return changed;
    if (auto printed = print(text); !printed)
        return std::unexpected(printed.error());
    return changed;
}

result<void> drain(const global_options& global, const po::variables_map& options) {
    auto whom = subject_of(options, "drain");
    const auto duration = read_duration(options, "for", {});
    const auto timeout = read_duration(options, "timeout", std::chrono::minutes{5});
    if (!whom || !duration || !timeout)
        return std::unexpected(!whom       ? whom.error()
                               : !duration ? duration.error()
                                           : timeout.error());
    const bool queue = options.count("queue") > 0;
    if (options.count("timeout") > 0 && options.count("wait") == 0 && !queue)
        return usage("--timeout is for --wait and --queue");
    if (queue && options.count("force") > 0)
        return usage("--force waits for no turn in the --queue");
    whom->body["reason"] = option(options, "reason");
    for (const auto* flag : {"now", "force", "queue"})
        if (options.count(flag) > 0)
            whom->body[flag] = true;
    std::optional<milliseconds> turn;
    if (queue)
        turn = options.count("timeout") > 0 ? *timeout : longest_turn;
    if (turn)
        whom->body["timeout"] = std::chrono::duration<double>(*turn).count();
    if (options.count("for") > 0)
        whom->body["for"] = option(options, "for");
    const auto changed = change(global, *whom, turn);
    if (!changed)
        return std::unexpected(changed.error());
    if (options.count("wait") == 0 || changed->empty())
        return {};
    // A drain that ends before its withdrawal is waited for in vain, and no longer.
    const auto bound = options.count("for") > 0 ? std::min(*timeout, *duration) : *timeout;
    return wait_for(global, {"withdrawn", "service", *changed, bound});
}

result<void> undrain(const global_options& global, const po::variables_map& options) {
    const auto whom = subject_of(options, "undrain");
    if (!whom)
        return std::unexpected(whom.error());
    const auto changed = change(global, *whom);
    return changed ? result<void>{} : std::unexpected(changed.error());
}

result<void> report(const global_options& global, const po::variables_map& options) {
    const auto words = names_of(options);
    constexpr std::array<std::string_view, 3> results{"pass", "degraded", "fail"};
    if (words.size() != 3 || std::ranges::find(results, words[2]) == results.end())
        return usage("report takes a service, a check, and pass, degraded or fail");
    if (const auto ttl = read_duration(options, "ttl", {}); !ttl)
        return std::unexpected(ttl.error());
    json::object body{{"result", words[2]}, {"output", option(options, "output")}};
    if (options.count("ttl") > 0)
        body["ttl"] = option(options, "ttl");
    const auto answer = command_daemon(
        global, fmt::format("/v1/checks/{}/{}/report", encode(words[0]), encode(words[1])), body);
    if (!answer)
        return std::unexpected(answer.error());
    if (global.json)
        return {};
    const auto check = json::parse(answer->body);
    return print(fmt::format("{} {}: {}\n", harmless(words[0]), harmless(words[1]),
                             text_of(check.as_object(), "state")));
}

/// One JSON object a line is what a person sees, too.
result<void> events(const global_options& global, const po::variables_map&) {
    const auto ended = follow(global.socket, "/v1/events", print);
    return ended ? refusal_of(*ended) : std::unexpected(ended.error());
}

result<void> wait(const global_options& global, const po::variables_map& options) {
    const bool announced = options.count("announced") > 0;
    const bool withdrawn = options.count("withdrawn") > 0;
    const bool established = options.count("established") > 0;
    const auto services = names_of(options, "service");
    const auto sessions = names_of(options, "neighbor");
    const bool of_service = !services.empty() && sessions.empty() && !established;
    const bool of_session = !sessions.empty() && services.empty() && established;
    if (of_service == of_session || (of_service && announced == withdrawn) ||
        (of_session && (announced || withdrawn)))
        return usage("wait takes --service NAME with --announced or --withdrawn, or "
                     "--neighbor NAME with --established");
    const auto timeout = read_duration(options, "timeout", std::chrono::seconds{60});
    if (!timeout)
        return std::unexpected(timeout.error());
    if (of_session)
        return wait_for(global, {"established", "neighbor", sessions, *timeout});
    return wait_for(global, {announced ? "announced" : "withdrawn", "service", services, *timeout});
}

void declare_nothing(po::options_description&) {}

void declare_routes(po::options_description& options) {
    options.add_options()("neighbor", po::value<std::string>());
}

void declare_drain(po::options_description& options) {
    options.add_options()("all", "")("reason", po::value<std::string>())("for",
                                                                         po::value<std::string>())(
        "now", "")("force", "")("queue", "")("wait", "")("timeout", po::value<std::string>());
}

void declare_neighbor(po::options_description& options) {
    options.add_options()("reason", po::value<std::string>());
}

void declare_reload(po::options_description& options) {
    options.add_options()("dry-run", "");
}

void declare_restart(po::options_description& options) {
    options.add_options()("reset", "");
}

void declare_undrain(po::options_description& options) {
    options.add_options()("all", "");
}

void declare_report(po::options_description& options) {
    options.add_options()("ttl", po::value<std::string>())("output", po::value<std::string>());
}

void declare_wait(po::options_description& options) {
    options.add_options()("service", po::value<names>())("neighbor", po::value<names>())(
        "announced", "")("withdrawn", "")("established", "")("timeout", po::value<std::string>());
}

void declare_names(po::options_description& options) {
    options.add_options()("type", po::value<std::string>());
}

constexpr std::array known{
    command{"status", "", "one screen: sessions, services, what is announced, what is wrong", 0,
            declare_nothing, status},
    command{"neighbors", "[NAME]", "the sessions, or all that is known of one", 1, declare_nothing,
            neighbors},
    command{"services", "[NAME]", "the services, or all that is known of one", 1, declare_nothing,
            services},
    command{"checks", "", "the checks and their last results", 0, declare_nothing, checks},
    command{"routes", "[--neighbor NAME]", "what is announced, as it was encoded", 0,
            declare_routes, routes},
    command{"explain", "PREFIX", "why each neighbor hears a prefix or not", 1, declare_nothing,
            explain},
    command{"drain",
            "SERVICE… | --all [--reason TEXT] [--for DURATION] [--now]\n"
            "        [--force | --queue] [--wait] [--timeout DURATION]",
            "take services out", -1, declare_drain, drain},
    command{"undrain", "SERVICE… | --all", "put services back", -1, declare_undrain, undrain},
    command{"fleet", "[SERVICE] | release NODE | forget NODE",
            "what all nodes announce; or take away what one that is gone has left", 2,
            declare_nothing, fleet},
    command{"neighbor", "NAME shutdown [--reason TEXT] | enable | reset | refresh",
            "one session: down, up again, anew, or everything sent again", 2, declare_neighbor,
            neighbor},
    command{"reload", "[--dry-run]",
            "apply the configuration file, or print what that would change", 0, declare_reload,
            reload},
    command{"log", "LEVEL", "change the log level", 1, declare_nothing, log_level},
    command{"events", "", "what happens from now on, one JSON object a line", 0, declare_nothing,
            events},
    command{"restart", "[--reset]",
            "the program that is on disk takes over, sessions and all; or resets them", 0,
            declare_restart, restart},
    command{"report", "SERVICE CHECK pass|degraded|fail [--ttl DURATION] [--output TEXT]",
            "the result of a push check", 3, declare_report, report},
    command{"wait",
            "--service NAME… --announced|--withdrawn [--timeout DURATION]\n"
            "  wait --neighbor NAME… --established [--timeout DURATION]",
            "return once it is so; for scripts", 0, declare_wait, wait},
    command{"names", "neighbors | services | prefixes | checks [SERVICE] [--type TYPE]",
            "the names alone, one a line; for scripts and completions", 2, declare_names,
            list_names},
};

} // namespace

std::span<const command> commands() {
    return known;
}

} // namespace heraldctl
