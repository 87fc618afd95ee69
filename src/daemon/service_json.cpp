#include "herald/daemon/service_json.hpp"

#include "herald/handover/json_values.hpp"
#include "state_names.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cstdint>

namespace herald::daemon {

namespace {

namespace json = boost::json;

using handover::json_names;
using handover::json_nullable;
using handover::json_reader;
using handover::json_text;
using handover::json_time;
using handover::name_of;
using handover::read_nullable;

// More than any configuration has room for.
constexpr std::size_t most_checks = 100'000;
constexpr std::size_t longest_text = 65536;

constexpr json_names<health::verdict, 3> verdicts{{{"pass", health::verdict::pass},
                                                   {"degraded", health::verdict::degraded},
                                                   {"fail", health::verdict::fail}}};
constexpr json_names<service::drain_source, 2> sources{
    {{"operator", service::drain_source::by_operator}, {"file", service::drain_source::by_file}}};
constexpr json_names<net::announcement, 6> announcements{{{"none", net::announcement::none},
                                                          {"normal", net::announcement::normal},
                                                          {"degraded", net::announcement::degraded},
                                                          {"draining", net::announcement::draining},
                                                          {"down", net::announcement::down},
                                                          {"held", net::announcement::held}}};

json::value verdict_json(const std::optional<health::verdict>& value) {
    return json_nullable(value, [](auto one) { return name_of(one, verdicts); });
}

std::optional<health::verdict> read_verdict(json_reader from, std::string_view key) {
    return read_nullable(from, key, [](json_reader one) { return one.choice(verdicts); });
}

std::optional<std::chrono::steady_clock::time_point> read_steady(json_reader from,
                                                                 std::string_view key) {
    return read_nullable(from, key, [](json_reader one) { return one.steady_time(); });
}

json::object result_json(const health::probe_result& result) {
    return {{"outcome", name_of(result.outcome, verdicts)},
            {"could_run", result.could_run},
            {"timed_out", result.timed_out},
            {"output", json_text(result.output)},
            {"duration", result.duration.count()}};
}

health::probe_result read_result(json_reader from) {
    health::probe_result result;
    result.outcome = from.member("outcome").choice(verdicts);
    result.could_run = from.member("could_run").boolean();
    result.timed_out = from.member("timed_out").boolean();
    result.output = from.member("output").text(longest_text);
    result.duration = std::chrono::nanoseconds(from.member("duration").integer<std::int64_t>(0));
    return result;
}

json::object check_json(const health::check_snapshot& check) {
    const auto& row = check.results;
    return {{"settled", verdict_json(row.settled)},
            {"last", verdict_json(row.last)},
            {"passes", row.passes},
            {"not_failures", row.not_failures},
            {"not_passes", row.not_passes},
            {"failures", row.failures},
            {"result", json_nullable(check.status.last, result_json)},
            {"runs", check.status.runs},
            {"last_run", json_time(check.status.last_run)},
            {"last_change", json_time(check.status.last_change)},
            {"due", json_nullable(check.status.due, [](auto due) { return json_time(due); })},
            {"ttl", check.ttl.count()},
            {"until", json_time(check.until)},
            {"lapses", check.lapses}};
}

health::check_snapshot read_check(json_reader from) {
    health::check_snapshot check;
    auto& row = check.results;
    row.settled = read_verdict(from, "settled");
    row.last = read_verdict(from, "last");
    row.passes = from.member("passes").integer<unsigned>();
    row.not_failures = from.member("not_failures").integer<unsigned>();
    row.not_passes = from.member("not_passes").integer<unsigned>();
    row.failures = from.member("failures").integer<unsigned>();
    check.status.settled = row.settled;
    check.status.last = read_nullable(from, "result", read_result);
    check.status.runs = from.member("runs").integer<std::uint64_t>();
    check.status.last_run = from.member("last_run").steady_time();
    check.status.last_change = from.member("last_change").steady_time();
    check.status.due = read_steady(from, "due");
    check.ttl = std::chrono::milliseconds(from.member("ttl").integer<std::int64_t>(0));
    check.until = from.member("until").steady_time();
    check.lapses = from.member("lapses").integer<unsigned>();
    return check;
}

json::object drain_json(service::drain_source source,
                        const service::service_state_snapshot& state) {
    const auto& drain = state.drains.at(source);
    const auto end = state.drain_ends.find(source);
    return {{"source", name_of(source, sources)},
            {"since", json_time(drain.since)},
            {"until", json_nullable(drain.until, [](auto until) { return json_time(until); })},
            {"ends", end == state.drain_ends.end() ? json::value() : json_time(end->second)},
            {"immediate", drain.immediate},
            {"reason", json_text(drain.reason)},
            {"by", json_text(drain.by)}};
}

void read_drain(json_reader from, service::service_state_snapshot& state) {
    service::drain drain;
    const auto source = from.member("source").choice(sources);
    drain.since = from.member("since").wall_time();
    drain.until = read_nullable(from, "until", [](json_reader until) { return until.wall_time(); });
    if (const auto ends = read_steady(from, "ends"))
        state.drain_ends[source] = *ends;
    drain.immediate = from.member("immediate").boolean();
    drain.reason = from.member("reason").text(longest_text);
    drain.by = from.member("by").text(longest_text);
    if (drain.until.has_value() != state.drain_ends.contains(source))
        from.fail("its end is known on one clock and not on the other");
    if (!state.drains.emplace(source, std::move(drain)).second)
        from.fail("there is another drain of this source");
}

json::object state_json(const service::service_state_snapshot& state) {
    json::array verdicts_of_checks;
    for (const auto& verdict : state.verdicts)
        verdicts_of_checks.push_back(verdict_json(verdict));
    json::array drains;
    for (const auto& [source, drain] : state.drains)
        drains.push_back(drain_json(source, state));
    return {{"verdicts", std::move(verdicts_of_checks)},
            {"drains", std::move(drains)},
            {"draining", json_nullable(state.draining,
                                       [](const auto& stage) -> json::value {
                                           return {{"since", json_time(stage.since)},
                                                   {"immediate", stage.immediate}};
                                       })},
            {"flaps", state.hold_down.flaps},
            {"held_until", json_time(state.hold_down.until)},
            {"stable_since", json_time(state.hold_down.stable_since)},
            {"settled", state.settled}};
}

service::service_state_snapshot read_state(json_reader from) {
    service::service_state_snapshot state;
    for (const auto verdict : from.member("verdicts").elements(most_checks))
        state.verdicts.push_back(
            verdict.value().is_null() ? std::nullopt : std::optional(verdict.choice(verdicts)));
    for (const auto drain : from.member("drains").elements(sources.size()))
        read_drain(drain, state);
    state.draining = read_nullable(from, "draining", [](json_reader stage) {
        return service::service_state_snapshot::stage{stage.member("since").steady_time(),
                                                      stage.member("immediate").boolean()};
    });
    if (state.draining.has_value() == state.drains.empty())
        from.fail("there are drains and no stage of them, or the other way round");
    state.hold_down.flaps = from.member("flaps").integer<unsigned>();
    state.hold_down.until = from.member("held_until").steady_time();
    state.hold_down.stable_since = from.member("stable_since").steady_time();
    state.settled = from.member("settled").boolean();
    return state;
}

} // namespace

json::object to_json(const managed_service_snapshot& snapshot) {
    json::object checks;
    for (const auto& [name, check] : snapshot.checks)
        checks[name] = check_json(check);
    json::object complaints;
    for (const auto& [name, text] : snapshot.complaints)
        complaints[name] = json_text(text);
    return {{"state", state_json(snapshot.state)},
            {"checks", std::move(checks)},
            {"complaints", std::move(complaints)},
            {"health", name_of(snapshot.health, health_names)},
            {"administration", name_of(snapshot.administration, administration_names)},
            {"heard", name_of(snapshot.heard, announcements)},
            {"since", json_time(snapshot.since)},
            {"event", json_text(snapshot.event)}};
}

managed_service_snapshot read_service(json_reader from) {
    managed_service_snapshot snapshot;
    snapshot.state = read_state(from.member("state"));
    for (const auto& [name, check] : from.member("checks").members(most_checks))
        snapshot.checks.emplace(name, read_check(check));
    for (const auto& [name, text] : from.member("complaints").members(most_checks))
        snapshot.complaints.emplace(name, text.text(longest_text));
    snapshot.health = from.member("health").choice(health_names);
    snapshot.administration = from.member("administration").choice(administration_names);
    snapshot.heard = from.member("heard").choice(announcements);
    snapshot.since = from.member("since").wall_time();
    snapshot.event = from.member("event").text(longest_text);
    return snapshot;
}

} // namespace herald::daemon
