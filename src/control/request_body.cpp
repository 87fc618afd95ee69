#include "herald/control/request_body.hpp"

#include "herald/text/duration.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace herald::control {

namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

template <typename T>
using parsed = std::expected<T, std::string>;

constexpr std::size_t longest_reason = 1000;
constexpr std::size_t longest_by = 100;
constexpr std::string_view levels = "trace, debug, info, warning or error";

std::unexpected<std::string> wrong(std::string_view member, std::string_view should) {
    return std::unexpected(fmt::format("\"{}\" must be {}", member, should));
}

parsed<json::object> parse_object(std::string_view body) {
    if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return json::object{};
    json::error_code error;
    auto value = json::parse(body, error);
    if (error)
        return std::unexpected(fmt::format("the body is not JSON: {}", error.message()));
    if (!value.is_object())
        return std::unexpected("the body is not a JSON object");
    return std::move(value.get_object());
}

std::unexpected<std::string> unknown_member(std::string_view name) {
    return std::unexpected(fmt::format("unknown member \"{}\"", name));
}

parsed<milliseconds> read_duration(std::string_view member, const json::value& value) {
    if (value.is_string()) {
        const auto& text = value.get_string();
        return text::parse_positive_duration(std::string_view{text.data(), text.size()});
    }
    if (value.is_number()) {
        if (const auto duration = text::from_seconds(value.to_number<double>()))
            return *duration;
    }
    return wrong(member, "seconds from 0.001 to 366 days, or a text such as \"10m\"");
}

/// The services that a request for several names; naming none would be asking for all.
parsed<void> read_services(std::vector<std::string>& services, const json::value& value) {
    const auto* list = value.if_array();
    if (list == nullptr || list->empty())
        return wrong("services", "a list of names");
    for (const auto& name : *list) {
        if (!name.is_string())
            return wrong("services", "a list of names");
        services.emplace_back(name.get_string());
    }
    return {};
}

parsed<void> read_text(std::string& into, std::string_view name, const json::value& value,
                       std::size_t longest) {
    if (!value.is_string() || value.get_string().size() > longest)
        return wrong(name, fmt::format("a text of at most {} bytes", longest));
    into = std::string(value.get_string());
    return {};
}

parsed<void> read_flag(bool& into, std::string_view name, const json::value& value) {
    if (!value.is_bool())
        return wrong(name, "true or false");
    into = value.get_bool();
    return {};
}

parsed<void> read_member(drain_request& drain, std::string_view name, const json::value& value) {
    if (name == "reason")
        return read_text(drain.reason, name, value, longest_reason);
    if (name == "for") {
        const auto duration = read_duration(name, value);
        if (!duration)
            return std::unexpected(duration.error());
        drain.duration = *duration;
        return {};
    }
    if (name == "services")
        return read_services(drain.services, value);
    if (name == "timeout") {
        const auto duration = read_duration(name, value);
        if (!duration)
            return std::unexpected(duration.error());
        drain.timeout = *duration;
        return {};
    }
    for (const auto& [flag, into] : {std::pair{"now", &drain.now}, std::pair{"force", &drain.force},
                                     std::pair{"queue", &drain.queue}})
        if (name == flag)
            return read_flag(*into, name, value);
    return unknown_member(name);
}

parsed<void> read_member(report_request& report, std::string_view name, const json::value& value) {
    if (name == "result") {
        const auto* text = value.if_string();
        if (text == nullptr || (*text != "pass" && *text != "degraded" && *text != "fail"))
            return wrong(name, "\"pass\", \"degraded\" or \"fail\"");
        report.result = std::string(*text);
        return {};
    }
    if (name == "ttl") {
        const auto duration = read_duration(name, value);
        if (!duration)
            return std::unexpected(duration.error());
        report.ttl = *duration;
        return {};
    }
    if (name == "output") {
        if (!value.is_string())
            return wrong(name, "a text");
        report.output = std::string(value.get_string());
        return {};
    }
    return unknown_member(name);
}

parsed<void> read_member(undrain_request& undrain, std::string_view name,
                         const json::value& value) {
    return name == "services" ? read_services(undrain.services, value) : unknown_member(name);
}

parsed<void> read_member(neighbor_request& request, std::string_view name,
                         const json::value& value) {
    if (name != "reason" || request.what != neighbor_request::action::shutdown)
        return unknown_member(name);
    return read_text(request.reason, name, value, longest_reason);
}

parsed<void> read_member(fleet_request&, std::string_view name, const json::value&) {
    return unknown_member(name);
}

parsed<void> read_member(reload_request& reload, std::string_view name, const json::value& value) {
    return name == "dry_run" ? read_flag(reload.dry_run, name, value) : unknown_member(name);
}

parsed<void> read_member(log_request& log, std::string_view name, const json::value& value) {
    if (name != "level")
        return unknown_member(name);
    if (!value.is_string())
        return wrong(name, levels);
    log.level = std::string(value.get_string());
    return {};
}

parsed<void> read_member(restart_request& restart, std::string_view name,
                         const json::value& value) {
    return name == "reset" ? read_flag(restart.reset, name, value) : unknown_member(name);
}

/// The members of a body into a request of that type.
template <typename Request>
parsed_command<Request> parse_members(std::string_view body, Request wanted = {}) {
    const auto object = parse_object(body);
    if (!object)
        return std::unexpected(object.error());
    command<Request> given{std::move(wanted), {}};
    for (const auto& [name, value] : *object) {
        // As if it were not there: what a program writes that has no value for it.
        if (value.is_null())
            continue;
        auto read = name == "by" ? read_text(given.by, name, value, longest_by)
                                 : read_member(given.wanted, name, value);
        if (!read)
            return std::unexpected(read.error());
    }
    return given;
}

} // namespace

parsed_command<drain_request> parse_drain(std::string_view body) {
    auto drain = parse_members<drain_request>(body);
    if (drain && drain->wanted.force && drain->wanted.queue)
        return std::unexpected("\"force\" does not wait for what \"queue\" waits for");
    return drain;
}

parsed_command<undrain_request> parse_undrain(std::string_view body) {
    return parse_members<undrain_request>(body);
}

parsed_command<neighbor_request> parse_neighbor(std::string_view body,
                                                neighbor_request::action what) {
    return parse_members<neighbor_request>(body, {.what = what, .neighbor = {}, .reason = {}});
}

parsed_command<fleet_request> parse_fleet(std::string_view body, fleet_request::action what) {
    return parse_members<fleet_request>(body, {.what = what, .node = {}});
}

parsed_command<reload_request> parse_reload(std::string_view body) {
    return parse_members<reload_request>(body);
}

parsed_command<log_request> parse_log(std::string_view body) {
    auto log = parse_members<log_request>(body);
    if (log && log->wanted.level.empty())
        return wrong("level", levels);
    return log;
}

parsed_command<restart_request> parse_restart(std::string_view body) {
    return parse_members<restart_request>(body);
}

parsed_command<report_request> parse_report(std::string_view body) {
    auto report = parse_members<report_request>(body);
    if (report && report->wanted.result.empty())
        return std::unexpected("\"result\" is missing: \"pass\", \"degraded\" or \"fail\"");
    return report;
}

} // namespace herald::control
