#include "administration.hpp"

#include "asking.hpp"
#include "output.hpp"
#include "screens.hpp"
#include "tables.hpp"
#include "values.hpp"

#include "herald/text/nearest.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <chrono>
#include <fmt/format.h>
#include <string_view>
#include <thread>

namespace heraldctl {

namespace {

namespace json = boost::json;
namespace po = boost::program_options;
using std::chrono::milliseconds;

/// A daemon takes 5 s at most to have its withdrawals acknowledged, and 2 s to close.
constexpr std::chrono::seconds restart_limit{15};
constexpr milliseconds restart_pause{20};

constexpr std::array<std::string_view, 4> actions{"shutdown", "enable", "reset", "refresh"};

/// What is wrong with the arguments of `neighbor`, and what was probably meant.
std::unexpected<failure> misused_neighbor(const names& words) {
    std::string meant;
    if (words.size() == 1)
        meant = fmt::format("neighbors {}", words[0]);
    else if (words.size() == 2)
        if (const auto action = herald::text::nearest(words[1], actions))
            meant = fmt::format("neighbor {} {}", words[0], *action);
    return usage(
        fmt::format("neighbor takes a name, and shutdown, enable, reset or refresh{}",
                    meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", harmless(meant))));
}

/// When the daemon that answers was started, and restarted.
result<std::string> start_of(const global_options& global) {
    const auto answer = ask(global.socket, {.target = "/v1/status"});
    if (!answer)
        return std::unexpected(answer.error());
    const auto status = json::parse(answer->body);
    const auto& view = status.as_object();
    return text_of(view, "started") +
           (view.contains("restarted") ? text_of(view, "restarted") : "");
}

} // namespace

/// One word is a service.
result<void> fleet(const global_options& global, const po::variables_map& options) {
    const auto words = names_of(options);
    const bool clears = words.size() == 2 && (words[0] == "release" || words[0] == "forget");
    const bool lacks_node = words.size() == 1 && (words[0] == "release" || words[0] == "forget");
    if ((words.size() == 2 && !clears) || lacks_node)
        return usage("fleet takes a service, or release or forget and a node");
    const auto answer =
        clears
            ? command_daemon(global, fmt::format("/v1/fleet/{}/{}", encode(words[1]), words[0]), {})
            : consult(global, {.target = "/v1/fleet"});
    if (!answer)
        return std::unexpected(answer.error());
    if (global.json)
        return {};
    const auto view = json::parse(answer->body);
    if (text_of(view.as_object(), "node").empty())
        return refused("there is no [fleet] here");
    const auto service = words.size() == 1 ? words[0] : std::string();
    const screen here{{wants_colour(), global.wide}};
    const auto text = here.fleet(view, service);
    if (text.empty() && !clears)
        return refused("no node has said anything of " +
                       (service.empty() ? "its services" : harmless(service)));
    return print(text);
}

result<void> neighbor(const global_options& global, const po::variables_map& options) {
    const auto words = names_of(options);
    if (words.size() != 2 || std::ranges::find(actions, words[1]) == actions.end())
        return misused_neighbor(words);
    if (options.count("reason") > 0 && words[1] != "shutdown")
        return usage("--reason is for shutdown");
    json::object body;
    if (options.count("reason") > 0)
        body["reason"] = option(options, "reason");
    const auto answer = command_daemon(
        global, fmt::format("/v1/neighbors/{}/{}", encode(words[0]), words[1]), body);
    if (!answer)
        return std::unexpected(answer.error());
    if (global.json)
        return {};
    const auto view = json::parse(answer->body);
    return print(fmt::format("{}: {}\n", harmless(words[0]),
                             flag(view.as_object(), "shutdown")
                                 ? "administratively down"
                                 : text_of(view.as_object(), "state")));
}

result<void> reload(const global_options& global, const po::variables_map& options) {
    const json::object body{{"dry_run", options.count("dry-run") > 0}};
    const auto answer = command_daemon(global, "/v1/reload", body);
    if (!answer)
        return std::unexpected(answer.error());
    if (global.json)
        return {};
    return print(screen{{wants_colour(), global.wide}}.reload(json::parse(answer->body)));
}

result<void> log_level(const global_options& global, const po::variables_map& options) {
    const auto level = names_of(options);
    if (level.empty())
        return usage("log takes trace, debug, info, warning or error");
    const json::object body{{"level", level.front()}};
    const auto answer = command_daemon(global, "/v1/log", body);
    if (!answer)
        return std::unexpected(answer.error());
    return global.json ? result<void>{} : print(fmt::format("log: {}\n", level.front()));
}

/// What became of the sessions: those that were kept are many, and counted.
std::string restart_text(const json::value& answer) {
    std::string text = "heraldd: restarted\n";
    std::size_t kept = 0;
    for (const auto& each : answer.as_object().at("neighbors").as_array()) {
        const auto& neighbor = each.as_object();
        if (flag(neighbor, "kept"))
            ++kept;
        else
            text += fmt::format("{}: not kept: {}\n", harmless(text_of(neighbor, "name")),
                                harmless(text_of(neighbor, "reason")));
    }
    return text + fmt::format("{} session{} kept\n", kept, kept == 1 ? "" : "s");
}

result<void> restart(const global_options& global, const po::variables_map& options) {
    const auto before = start_of(global);
    if (!before)
        return std::unexpected(before.error());
    const auto asked =
        command_daemon(global, "/v1/restart", {{"reset", options.count("reset") > 0}});
    if (!asked)
        return std::unexpected(asked.error());
    const auto deadline = std::chrono::steady_clock::now() + restart_limit;
    auto now = before;
    while ((!now || *now == *before) && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(restart_pause);
        now = start_of(global);
    }
    if (!now)
        return std::unexpected(now.error());
    if (*now == *before)
        return refused("heraldd still runs; its log says why");
    return global.json ? result<void>{} : print(restart_text(json::parse(asked->body)));
}

} // namespace heraldctl
