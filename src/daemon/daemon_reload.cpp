#include "herald/config/difference.hpp"
#include "herald/control/response.hpp"
#include "herald/daemon/daemon.hpp"
#include "herald/daemon/log.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

// Taking another configuration: the difference is found, and it alone is applied.

namespace herald::daemon {

using control::refusal;

namespace {

std::string_view name_of(config::change::kind what) {
    switch (what) {
    case config::change::kind::added: return "added";
    case config::change::kind::removed: return "removed";
    case config::change::kind::changed: return "changed";
    }
    return "";
}

control::reload_view view_of(const std::vector<config::change>& changes,
                             const std::vector<config::problem>& warnings, bool dry_run) {
    control::reload_view view;
    view.dry_run = dry_run;
    for (const auto& each : changes)
        view.changes.push_back({each.section, each.name, std::string(name_of(each.what)), each.keys,
                                each.resets_session, each.needs_restart});
    for (const auto& warning : warnings)
        view.warnings.push_back(to_string(warning));
    return view;
}

std::string describe(const config::change& change) {
    return fmt::format("{}{}{} {}{}{}{}{}", change.section, change.name.empty() ? "" : " ",
                       change.name, name_of(change.what), change.keys.empty() ? "" : ": ",
                       fmt::join(change.keys, ", "),
                       change.resets_session ? " (the session is reset)" : "",
                       change.needs_restart ? " (with the next start)" : "");
}

/// The first fault in a line, and how many more there are; all of them are in the log.
refusal invalid(const std::vector<config::problem>& problems) {
    const auto is_error = [](const auto& each) {
        return each.level == config::problem::severity::error;
    };
    const auto first = std::ranges::find_if(problems, is_error);
    const auto count = std::ranges::count_if(problems, is_error);
    return {refusal::kind::invalid, "config_invalid",
            fmt::format("{}{}", to_string(*first),
                        count > 1 ? fmt::format(" (and {} more)", count - 1) : "")};
}

} // namespace

void daemon::reload(bool dry_run, control::reply_to<control::reload_view> reply) {
    config_reader_.ask([this, dry_run, reply = std::move(reply)](config::load_result loaded) {
        if (stopping_)
            return reply(std::unexpected(control::is_stopping()));
        reply(apply_file(std::move(loaded), dry_run));
    });
}

std::expected<control::reload_view, refusal> daemon::apply_file(config::load_result loaded,
                                                                bool dry_run) {
    for (const auto& problem : loaded.problems)
        log(loaded.settings ? log_level::warning : log_level::error, "reload", to_string(problem));
    if (!loaded.settings)
        return std::unexpected(reload_refused(invalid(loaded.problems), dry_run));
    const auto changes = config::difference(settings_, *loaded.settings);
    const auto orphans = drains_left_by(*loaded.settings);
    auto view = view_of(changes, loaded.problems, dry_run);
    view.warnings.insert(view.warnings.end(), orphans.begin(), orphans.end());
    if (!dry_run) {
        if (auto applied = apply(std::move(*loaded.settings)); !applied)
            return std::unexpected(reload_refused(
                {refusal::kind::failed, "not_applied", std::move(applied.error())}, dry_run));
        start_.configuration = std::move(loaded.text);
        for (const auto& warning : orphans)
            log(log_level::warning, "reload", warning);
        for (const auto& change : changes)
            log(log_level::info, "reload", describe(change));
        log(log_level::info, "reload",
            fmt::format("the configuration was reloaded, {} changes", changes.size()));
        reporter_.events().reloaded({});
        reporter_.views_changed();
    }
    return view;
}

/// What to say of drained services that `next` does not have: under another name they are not
/// drained.
std::vector<std::string> daemon::drains_left_by(const config::configuration& next) const {
    std::vector<std::string> lines;
    for (const auto& name : services_.drained())
        if (std::ranges::none_of(next.services,
                                 [&](const auto& entry) { return entry.service.name == name; }))
            lines.push_back(
                fmt::format("service {} is drained and no longer in the configuration: its drain "
                            "is kept, and drains no service of another name",
                            name));
    return lines;
}

refusal daemon::reload_refused(refusal why, bool dry_run) {
    log(log_level::error, "reload",
        fmt::format("the configuration was not reloaded, nothing has changed: {}", why.detail));
    if (!dry_run)
        reporter_.events().reloaded(std::unexpected(why.detail));
    return why;
}

void daemon::listen_as_before() {
    if (const auto back = server_.listen_for_everyone(settings_.metrics); !back)
        log(log_level::error, "reload", back.error());
    if (const auto back = server_.listen_for_agent(settings_.fleetlock); !back)
        log(log_level::error, "reload", back.error());
}

std::expected<void, std::string> daemon::apply(config::configuration next) {
    announcer_.send(); // what has happened is told of before what it happened to is gone
    if (auto possible = services_.prepare(next.services); !possible)
        return possible;
    if (auto known = fleet_.prepare(next); !known)
        return known;
    if (auto listening = server_.listen_for_everyone(next.metrics); !listening)
        return std::unexpected(std::move(listening.error()));
    auto changed = server_.listen_for_agent(next.fleetlock);
    if (changed)
        changed = speaker_.change(next.listen, next.neighbors);
    if (!changed) {
        listen_as_before();
        return changed;
    }
    neighbor_shutdowns_.enforce();
    if (next.log.level != settings_.log.level && !start_.level)
        herald::daemon::set_log_level(next.log.level);
    services_.change(next.services);
    // What takes effect with the next start is different until then.
    next.control = settings_.control;
    next.state = settings_.state;
    next.log.format = settings_.log.format;
    const auto before = std::exchange(settings_, std::move(next));
    exclude_next_hops();
    announcer_.announce_all();
    services_.let_go_of(before.services);
    reporter_.forget_all_but(settings_);
    fleet_.apply(settings_);
    return {};
}

} // namespace herald::daemon
