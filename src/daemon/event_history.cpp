#include "herald/daemon/event_history.hpp"

#include "herald/handover/json_values.hpp"
#include "herald/text/harmless.hpp"
#include "state_names.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace herald::daemon {

namespace {

namespace json = boost::json;
using control::run_result;
using handover::json_document;
using handover::json_names;
using handover::json_nullable;
using handover::json_reader;
using handover::json_text;
using handover::json_time;
using handover::read_nullable;

constexpr std::size_t longest_event_text = 65536;
constexpr std::size_t most_rows = 1'000'000;
constexpr std::size_t most_kept_events = 10'000;

constexpr json_names<run_result, 5> result_names{{{"pass", run_result::pass},
                                                  {"degraded", run_result::degraded},
                                                  {"fail", run_result::fail},
                                                  {"timeout", run_result::timeout},
                                                  {"error", run_result::error}}};

json::value written(std::string_view text) {
    return json_text(text::cut(text, longest_event_text));
}

std::string read_written(json_reader from) {
    return from.text(longest_event_text);
}

json::value written(const control::histogram& values) {
    return json::object{{"counts", json::array(values.counts().begin(), values.counts().end())},
                        {"sum", handover::json_number(values.sum())}};
}

control::histogram read_histogram(json_reader from) {
    control::histogram::bucket_counts counts{};
    const auto rows = from.member("counts").elements(counts.size());
    if (rows.size() != counts.size())
        from.member("counts").fail("it has fewer counts than there are buckets");
    std::ranges::transform(rows, counts.begin(),
                           [](json_reader row) { return row.integer<std::uint64_t>(); });
    return {counts, handover::read_number(from.member("sum"))};
}

json::value written(const event_history::check_name& name, const control::check_counts& counts) {
    json::object runs;
    for (const auto& [name_of_result, result] : result_names) {
        const auto count = counts.runs.find(result);
        runs[name_of_result] = count != counts.runs.end() ? count->second : 0;
    }
    return json::object{{"service", written(name.first)},
                        {"check", written(name.second)},
                        {"runs", std::move(runs)},
                        {"durations", written(counts.durations)}};
}

event_history::check_name read_check_name(json_reader from) {
    return {read_written(from.member("service")), read_written(from.member("check"))};
}

control::check_counts read_check_counts(json_reader from) {
    control::check_counts counts;
    const auto runs = from.member("runs");
    for (const auto& [name, result] : result_names)
        if (const auto count = runs.member(name).integer<std::uint64_t>(); count > 0)
            counts.runs[result] = count;
    counts.durations = read_histogram(from.member("durations"));
    return counts;
}

json::value written(const control::notification_kind& kind, std::uint64_t count) {
    return json::object{{"neighbor", written(kind.neighbor)},
                        {"direction", written(kind.direction)},
                        {"code", kind.code},
                        {"subcode", kind.subcode},
                        {"count", count}};
}

control::notification_kind read_notification_kind(json_reader from) {
    return {read_written(from.member("neighbor")), read_written(from.member("direction")),
            from.member("code").integer<std::uint8_t>(),
            from.member("subcode").integer<std::uint8_t>()};
}

json::value written(const control::measurements& measured) {
    json::array checks;
    for (const auto& [name, counts] : measured.checks)
        checks.push_back(written(name, counts));
    json::array transitions;
    for (const auto& [name, count] : measured.service_transitions)
        transitions.push_back(json::object{{"service", written(name)}, {"count", count}});
    json::array notifications;
    for (const auto& [kind, count] : measured.notifications)
        notifications.push_back(written(kind, count));
    return json::object{{"checks", std::move(checks)},
                        {"service_transitions", std::move(transitions)},
                        {"notifications", std::move(notifications)},
                        {"reaction", written(measured.reaction)},
                        {"withdraw_ack", written(measured.withdraw_ack)},
                        {"loop_lag", written(measured.loop_lag)},
                        {"reload_success", measured.reload_success},
                        {"last_reload", json_time(measured.last_reload)}};
}

control::measurements read_measurements(json_reader from) {
    control::measurements read;
    for (const auto row : from.member("checks").elements(most_rows))
        read.checks[read_check_name(row)] = read_check_counts(row);
    for (const auto row : from.member("service_transitions").elements(most_rows))
        read.service_transitions[read_written(row.member("service"))] =
            row.member("count").integer<std::uint64_t>();
    for (const auto row : from.member("notifications").elements(most_rows))
        read.notifications[read_notification_kind(row)] =
            row.member("count").integer<std::uint64_t>();
    read.reaction = read_histogram(from.member("reaction"));
    read.withdraw_ack = read_histogram(from.member("withdraw_ack"));
    read.loop_lag = read_histogram(from.member("loop_lag"));
    read.reload_success = from.member("reload_success").boolean();
    read.last_reload = from.member("last_reload").wall_time();
    return read;
}

json::value written(const control::event_view::kind& kind) {
    return json::object{
        {"direction", written(kind.direction)}, {"code", kind.code}, {"subcode", kind.subcode}};
}

control::event_view::kind read_event_kind(json_reader from) {
    return {read_written(from.member("direction")), from.member("code").integer<std::uint8_t>(),
            from.member("subcode").integer<std::uint8_t>()};
}

json::value written(const control::event_view& event) {
    return json::object{
        {"time", json_time(event.time)},
        {"type", written(event.type)},
        {"neighbor", written(event.neighbor)},
        {"service", written(event.service)},
        {"check", written(event.check)},
        {"from", written(event.from)},
        {"to", written(event.to)},
        {"cause", written(event.cause)},
        {"notification",
         json_nullable(event.notification, [](const auto& kind) { return written(kind); })},
        {"uid", json_nullable(event.uid, [](auto uid) { return uid; })},
        {"by", written(event.by)}};
}

control::event_view read_event(json_reader from) {
    return {.time = from.member("time").wall_time(),
            .type = read_written(from.member("type")),
            .neighbor = read_written(from.member("neighbor")),
            .service = read_written(from.member("service")),
            .check = read_written(from.member("check")),
            .from = read_written(from.member("from")),
            .to = read_written(from.member("to")),
            .cause = read_written(from.member("cause")),
            .notification = read_nullable(from, "notification", read_event_kind),
            .uid = read_nullable(from, "uid",
                                 [](json_reader uid) { return uid.integer<std::uint32_t>(); }),
            .by = read_written(from.member("by"))};
}

event_history::check read_check_history(json_reader from) {
    event_history::check read{read_written(from.member("recent")),
                              read_written(from.member("state"))};
    // A letter each, the first of a result's name.
    if (read.recent.find_first_not_of("pdfte") != std::string::npos)
        from.member("recent").fail("it has a letter that is no result");
    return read;
}

event_history::service read_standing(json_reader from) {
    return {from.member("health").choice(health_names),
            from.member("administration").choice(administration_names)};
}

event_history read_history(json_reader from) {
    event_history read;
    read.started = from.member("started").wall_time();
    read.measured = read_measurements(from.member("measured"));
    for (const auto row : from.member("checks").elements(most_rows))
        read.checks[read_check_name(row)] = read_check_history(row);
    for (const auto row : from.member("services").elements(most_rows))
        read.services[read_written(row.member("name"))] = read_standing(row);
    for (const auto row : from.member("events").elements(most_kept_events))
        read.events.push_back(read_event(row));
    return read;
}

} // namespace

json::object to_json(const event_history& history) {
    json::array checks;
    for (const auto& [name, check] : history.checks)
        checks.push_back(json::object{{"service", written(name.first)},
                                      {"check", written(name.second)},
                                      {"recent", written(check.recent)},
                                      {"state", written(check.state)}});
    json::array services;
    for (const auto& [name, known] : history.services)
        services.push_back(json::object{
            {"name", written(name)},
            {"health", handover::name_of(known.health, health_names)},
            {"administration", handover::name_of(known.administration, administration_names)}});
    json::array events;
    for (const auto& event : history.events)
        events.push_back(written(event));
    return {{"started", json_time(history.started)},
            {"measured", written(history.measured)},
            {"checks", std::move(checks)},
            {"services", std::move(services)},
            {"events", std::move(events)}};
}

std::expected<event_history, std::string> history_from_json(const json::value& value) {
    json_document document(value);
    return document.result(read_history(document.root()));
}

} // namespace herald::daemon
