// Why it is so, and what a reload changes: a step or a part a line.
#include "screens.hpp"
#include "tables.hpp"
#include "values.hpp"

#include <fmt/format.h>

namespace heraldctl {

namespace {

namespace json = boost::json;

constexpr std::size_t columns = 80;
constexpr std::size_t indent = 16;

/// A name, and text behind it over as many lines as it takes.
std::string entry(std::string_view name, std::string_view text) {
    std::string lines;
    std::string line = fmt::format("{:<{}}", name, indent);
    bool begun = false;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(' ', at), text.size());
        const auto word = text.substr(at, end - at);
        if (begun && width(line) + 1 + width(word) > columns) {
            lines += line + "\n";
            line = std::string(indent, ' ');
            begun = false;
        }
        line += begun ? " " : "";
        line += word;
        begun = true;
        at = end + 1;
    }
    return lines + line + "\n";
}

std::string check_lines(const json::object& check) {
    const auto ago = age(check, "last_run");
    auto text = fmt::format("{}{}", text_of(check, "state"),
                            flag(check, "timed_out")    ? " (timed out)"
                            : !flag(check, "could_run") ? " (could not run)"
                                                        : "");
    if (!ago.empty())
        text += fmt::format(", last {} {} ago", text_of(check, "last_result"), ago);
    if (const auto output = text_of(check, "output"); !output.empty())
        text += ": " + harmless(output);
    return entry("  " + harmless(text_of(check, "name")), text);
}

/// "AS_PATH 65010 65010, NEXT_HOP 198.51.100.2, MED 50, …"
std::string attributes(const json::object& route) {
    auto text = fmt::format("AS_PATH {}", joined(texts(route, "as_path")));
    std::erase(text, ',');
    text += fmt::format(", NEXT_HOP {}", text_of(route, "next_hop"));
    for (const auto& [key, name] : {std::pair{"med", "MED"}, std::pair{"local_pref", "LOCAL_PREF"},
                                    std::pair{"only_to_customer", "OTC"}})
        if (const auto value = text_of(route, key); !value.empty())
            text += fmt::format(", {} {}", name, value);
    for (const auto* key : {"communities", "large_communities", "extended_communities"})
        for (const auto& community : texts(route, key))
            text += ", " + community;
    return text;
}

std::string hearing_lines(const json::object& hearing) {
    const bool hears = flag(hearing, "hears");
    auto lines = entry("  " + harmless(text_of(hearing, "neighbor")),
                       fmt::format("{}: {}{}", hears ? "hears it" : "does not hear it",
                                   harmless(text_of(hearing, "why")),
                                   flag(hearing, "settled") ? "" : " (not yet acknowledged)"));
    if (!hearing.at("route").is_null())
        lines += entry("", attributes(hearing.at("route").as_object()));
    return lines;
}

} // namespace

std::string screen::explain(const json::value& answer) const {
    const auto& explained = answer.as_object();
    const auto& service = explained.at("service").as_object();
    auto text = entry("prefix", text_of(explained, "prefix")) +
                entry("service", harmless(text_of(service, "name"))) + "checks\n";
    for (const auto& check : list(service, "checks"))
        text += check_lines(check.as_object());
    if (list(service, "checks").empty())
        text += "  none: it is up whenever it is not drained\n";
    text += entry("health", text_of(service, "health")) +
            entry("administration", text_of(service, "administration"));
    if (const auto cause = text_of(service, "cause"); !cause.empty())
        text += entry("cause", fmt::format("{}, {} ago", harmless(cause), age(service, "since")));
    text += entry("heard", text_of(service, "heard")) + "neighbors\n";
    for (const auto& hearing : list(explained, "neighbors"))
        text += hearing_lines(hearing.as_object());
    return text;
}

std::string screen::reload(const json::value& answer) const {
    const auto& reloaded = answer.as_object();
    const bool dry_run = flag(reloaded, "dry_run");
    std::string text;
    for (const auto& warning : texts(reloaded, "warnings"))
        text += harmless(warning) + "\n";
    for (const auto& each : list(reloaded, "changes")) {
        const auto& change = each.as_object();
        const auto name = text_of(change, "name");
        auto line = fmt::format("{}{}{}: {}", text_of(change, "section"), name.empty() ? "" : " ",
                                harmless(name), text_of(change, "change"));
        if (const auto keys = texts(change, "keys"); !keys.empty())
            line += fmt::format(" ({})", harmless(joined(keys)));
        if (flag(change, "resets_session"))
            line += dry_run ? ", would reset the session" : ", resets the session";
        if (flag(change, "needs_restart"))
            line += ", takes effect with the next start";
        text += line + "\n";
    }
    return list(reloaded, "changes").empty() ? text + "nothing changes\n" : text;
}

} // namespace heraldctl
