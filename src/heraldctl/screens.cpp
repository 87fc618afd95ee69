#include "screens.hpp"

#include "tables.hpp"
#include "values.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <iterator>

namespace heraldctl {

namespace {

namespace json = boost::json;

/// One screen: no more rows than this of anything.
constexpr std::size_t most_rows = 8;

/// How many prefixes it was sent, of all families; "" where there is no session.
std::string sent(const json::object& neighbor) {
    std::uint64_t sum = 0;
    for (const auto& [family, count] : neighbor.at("advertised").as_object())
        sum += count.to_number<std::uint64_t>();
    return text_of(neighbor, "state") == "Established" ? std::to_string(sum) : "";
}

/// Why a session is not Established.
std::string trouble(const json::object& neighbor) {
    if (flag(neighbor, "shutdown"))
        return "administratively down";
    if (neighbor.at("why_down").is_null())
        return joined(texts(neighbor, "problems"));
    return text_of(neighbor, "why_down");
}

/// How many of the neighbors that are to hear it do.
std::string reach(const json::object& service) {
    return fmt::format("{}/{}{}", list(service, "announced_to").size(),
                       list(service, "neighbors").size(),
                       flag(service, "acknowledged") ? "" : " pending");
}

/// What a node may do without others.
std::string permit_of(const json::object& node) {
    if (flag(node, "waits"))
        return "waits";
    return node.at("permit").is_null() ? "" : text_of(node.at("permit").as_object(), "reason");
}

cell state_cell(const json::object& object, std::string_view key) {
    auto state = text_of(object, key);
    const auto colour = tone_of(state);
    return {std::move(state), colour};
}

table neighbors_table(const std::vector<json::object>& neighbors) {
    table rows{
        {{"NEIGHBOR", 8}, {"ADDRESS", 15}, {"AS"}, {"STATE"}, {"FOR"}, {"ROUTES"}, {"TROUBLE", 8}}};
    for (const auto& each : neighbors) {
        rows.add({{text_of(each, "name")},
                  {text_of(each, "address")},
                  {remote_as(each)},
                  state_cell(each, "state"),
                  {age(each, "since")},
                  {sent(each)},
                  {trouble(each)}});
    }
    return rows;
}

table services_table(const std::vector<json::object>& services) {
    table rows{
        {{"SERVICE", 8}, {"HEALTH"}, {"ADMIN"}, {"HEARD"}, {"ANNOUNCED"}, {"FOR"}, {"CAUSE", 12}}};
    for (const auto& each : services) {
        rows.add({{text_of(each, "name")},
                  state_cell(each, "health"),
                  state_cell(each, "administration"),
                  state_cell(each, "heard"),
                  {reach(each)},
                  {age(each, "since")},
                  {text_of(each, "cause")}});
    }
    return rows;
}

table announced_table(const std::vector<json::object>& services) {
    table rows{{{"ANNOUNCED", 18}, {"SERVICE", 8}, {"TO", 12}}};
    for (const auto& each : services)
        rows.add({{joined(texts(each, "prefixes"))},
                  {text_of(each, "name")},
                  {joined(texts(each, "announced_to"))}});
    return rows;
}

std::vector<json::object> objects(const json::object& answer, std::string_view key) {
    std::vector<json::object> all;
    for (const auto& each : list(answer, key))
        all.push_back(each.as_object());
    return all;
}

/// A table's first rows, and where to see the others.
std::string part(table (*make)(const std::vector<json::object>&), std::vector<json::object> rows,
                 std::string_view command, layout shown) {
    const auto all = rows.size();
    rows.resize(std::min(all, most_rows));
    auto text = make(rows).text(shown);
    if (all > most_rows)
        text += fmt::format("… and {} more: heraldctl {}\n", all - most_rows, command);
    return text;
}

/// Those in trouble come first: where not all fit, they are seen.
template <typename Trouble>
std::vector<json::object> worst_first(const std::vector<json::object>& rows, Trouble in_trouble) {
    std::vector<json::object> sorted;
    std::ranges::copy_if(rows, std::back_inserter(sorted), in_trouble);
    std::ranges::copy_if(rows, std::back_inserter(sorted), std::not_fn(in_trouble));
    return sorted;
}

std::string header(const json::object& status, layout shown) {
    return line_of(fmt::format("herald {}  AS {}  router id {}  up {}  {}",
                               text_of(status, "version"), text_of(status, "local_as"),
                               text_of(status, "router_id"), age(status, "started"),
                               text_of(status, "config_file")),
                   shown);
}

std::string sessions_part(const json::object& status, layout shown) {
    const auto rows = worst_first(objects(status, "neighbors"), [](const json::object& each) {
        return text_of(each, "state") != "Established";
    });
    return rows.empty() ? "No neighbors\n" : part(neighbors_table, rows, "neighbors", shown);
}

std::string services_part(const json::object& status, layout shown) {
    const auto rows = worst_first(objects(status, "services"), [](const json::object& each) {
        return text_of(each, "heard") != "normal";
    });
    return rows.empty() ? "No services\n" : part(services_table, rows, "services", shown);
}

std::string announced_part(const json::object& status, layout shown) {
    auto rows = objects(status, "services");
    std::erase_if(rows,
                  [](const json::object& each) { return list(each, "announced_to").empty(); });
    return rows.empty() ? "Nothing is announced\n" : part(announced_table, rows, "routes", shown);
}

std::string problems_part(const json::object& status, layout shown) {
    const auto problems = texts(status, "problems");
    if (problems.empty())
        return "Nothing is wrong\n";
    std::string text = shown.coloured ? "\x1b[31mWRONG\x1b[0m\n" : "WRONG\n";
    for (std::size_t i = 0; i < std::min(problems.size(), most_rows); ++i)
        text += line_of(problems[i], shown);
    if (problems.size() > most_rows)
        text +=
            fmt::format("… and {} more: heraldctl --json status\n", problems.size() - most_rows);
    return text;
}

} // namespace

std::string screen::status(const json::value& answer) const {
    const auto& status = answer.as_object();
    return header(status, shown) + "\n" + sessions_part(status, shown) + "\n" +
           services_part(status, shown) + "\n" + announced_part(status, shown) + "\n" +
           problems_part(status, shown);
}

std::string screen::neighbors(const json::value& answer) const {
    return neighbors_table(objects(answer.as_object(), "neighbors")).text(shown);
}

std::string screen::services(const json::value& answer) const {
    return services_table(objects(answer.as_object(), "services")).text(shown);
}

std::string screen::checks(const json::value& answer) const {
    table rows{{{"SERVICE", 8},
                {"CHECK", 8},
                {"TYPE"},
                {"STATE"},
                {"LAST"},
                {"AGO"},
                {"TOOK"},
                {"OUTPUT", 10}}};
    for (const auto& each : objects(answer.as_object(), "checks")) {
        rows.add({{text_of(each, "service")},
                  {text_of(each, "name")},
                  {text_of(each, "type")},
                  state_cell(each, "state"),
                  state_cell(each, "last_result"),
                  {age(each, "last_run")},
                  {duration(each, "duration")},
                  {text_of(each, "output")}});
    }
    return rows.text(shown);
}

std::string screen::fleet(const json::value& answer, const std::string& service) const {
    const auto& fleet = answer.as_object();
    table rows{{{"SERVICE", 8},
                {"SITE", 8},
                {"NODE", 8},
                {"HEALTH"},
                {"HEARD"},
                {"FOR"},
                {"PERMIT"},
                {"STALE"},
                {"CAUSE", 10}}};
    for (const auto& of : objects(fleet, "services"))
        for (const auto& each : objects(of, "nodes"))
            if (service.empty() || text_of(of, "service") == service)
                rows.add({{text_of(of, "service")},
                          {text_of(each, "site")},
                          {text_of(each, "node")},
                          state_cell(each, "health"),
                          state_cell(each, "heard"),
                          {age(each, "since")},
                          {permit_of(each)},
                          {flag(each, "stale") ? "stale" : "", tone::warning},
                          {text_of(each, "cause")}});
    auto text = rows.empty() ? "" : rows.text(shown);
    if (const auto trouble = text_of(fleet, "trouble"); !trouble.empty())
        text += line_of(trouble, shown);
    return text;
}

std::string screen::routes(const json::value& answer) const {
    table rows{{{"NEIGHBOR", 8},
                {"PREFIX", 18},
                {"NEXT HOP", 12},
                {"AS PATH", 8},
                {"MED"},
                {"LOCAL PREF"},
                {"COMMUNITIES", 8}}};
    for (const auto& each : objects(answer.as_object(), "routes")) {
        std::string path;
        for (const auto& as : texts(each, "as_path"))
            path += (path.empty() ? "" : " ") + as;
        auto communities = texts(each, "communities");
        std::ranges::copy(texts(each, "large_communities"), std::back_inserter(communities));
        std::ranges::copy(texts(each, "extended_communities"), std::back_inserter(communities));
        rows.add({{text_of(each, "neighbor")},
                  {text_of(each, "prefix")},
                  {text_of(each, "next_hop")},
                  {std::move(path)},
                  {text_of(each, "med")},
                  {text_of(each, "local_pref")},
                  {joined(communities)}});
    }
    return rows.text(shown);
}

} // namespace heraldctl
