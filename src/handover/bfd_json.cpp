#include "herald/handover/bfd_json.hpp"

#include "herald/handover/json_reader.hpp"
#include "herald/handover/json_values.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace herald::handover {

namespace {

namespace json = boost::json;
using bfd::discard;
using bfd::session_snapshot;
using std::chrono::microseconds;

constexpr json_names<bfd::session_state, 4> bfd_states{
    {{"admin_down", bfd::session_state::admin_down},
     {"down", bfd::session_state::down},
     {"init", bfd::session_state::init},
     {"up", bfd::session_state::up}}};

/// As the wire can carry them, RFC 5880 §4.1.
constexpr std::uint8_t largest_diagnostic = 31;
constexpr microseconds longest_interval{std::numeric_limits<std::uint32_t>::max()};
constexpr std::int64_t whole_interval = 1'000'000; // in millionths

json::value interval_to_json(microseconds interval) {
    return interval.count();
}

microseconds read_interval(json_reader from) {
    return from.duration(microseconds{0}, longest_interval);
}

/// Numbers have no names here: others than those that are known may have arrived.
bfd::diagnostic read_diagnostic(json_reader from) {
    return bfd::diagnostic{from.integer<std::uint8_t>(0, largest_diagnostic)};
}

json::value dropped_to_json(const bfd::discard_counters& dropped) {
    json::object written;
    for (std::uint8_t i = 0; i < bfd::discard_count; ++i)
        written[bfd::to_string(discard{i})] = dropped.of(discard{i});
    return written;
}

bfd::discard_counters read_dropped(json_reader from) {
    bfd::discard_counters read;
    (void)from.members(bfd::discard_count); // those that are asked for, and no others
    for (std::uint8_t i = 0; i < bfd::discard_count; ++i)
        read.counts.at(i) = from.member(bfd::to_string(discard{i})).integer<std::uint64_t>();
    return read;
}

json::value bfd_remote_to_json(const session_snapshot& session) {
    return json::object{{"state", name_of(session.remote_state, bfd_states)},
                        {"diagnostic", static_cast<unsigned>(session.remote_diagnostic)},
                        {"discriminator", session.remote},
                        {"demand", session.remote_demand},
                        {"multiplier", session.remote_multiplier},
                        {"min_tx_microseconds", interval_to_json(session.remote_min_tx)},
                        {"min_rx_microseconds", interval_to_json(session.remote_min_rx)}};
}

void read_bfd_remote(json_reader from, session_snapshot& to) {
    to.remote_state = from.member("state").choice(bfd_states);
    to.remote_diagnostic = read_diagnostic(from.member("diagnostic"));
    to.remote = from.member("discriminator").integer<bfd::discriminator>();
    to.remote_demand = from.member("demand").boolean();
    to.remote_multiplier = from.member("multiplier").integer<std::uint8_t>();
    to.remote_min_tx = read_interval(from.member("min_tx_microseconds"));
    to.remote_min_rx = read_interval(from.member("min_rx_microseconds"));
}

void read_bfd_history(json_reader from, session_snapshot& to) {
    to.since = from.member("since").wall_time();
    to.transitions = from.member("transitions").integer<std::uint64_t>();
    to.sent = from.member("sent").integer<std::uint64_t>();
    to.received = from.member("received").integer<std::uint64_t>();
    to.dropped = read_dropped(from.member("dropped"));
}

void read_bfd_intervals(json_reader from, session_snapshot& to) {
    to.desired_min_tx = read_interval(from.member("desired_min_tx_microseconds"));
    to.required_min_rx = read_interval(from.member("required_min_rx_microseconds"));
    to.earlier_min_tx = read_nullable(from, "earlier_min_tx_microseconds", read_interval);
    to.earlier_min_rx = read_nullable(from, "earlier_min_rx_microseconds", read_interval);
    to.polling = from.member("polling").boolean();
    to.settling = from.member("settling").boolean();
}

void read_bfd_timers(json_reader from, session_snapshot& to) {
    const auto read_time = [](json_reader time) { return time.steady_time(); };
    to.heard_at = read_nullable(from, "heard_at", read_time);
    to.sent_at = from.member("sent_at").steady_time();
    to.jitter = from.member("jitter_millionths").integer<std::int64_t>(0, whole_interval);
    to.jitter_seed = from.member("jitter_seed").integer<std::uint32_t>();
    to.silent_at = read_nullable(from, "silent_at", read_time);
    to.send_sequence = from.member("send_sequence").integer<std::uint32_t>();
    to.received_sequence = read_nullable(from, "received_sequence", [](json_reader number) {
        return number.integer<std::uint32_t>();
    });
    to.forget_sequence_at = read_nullable(from, "forget_sequence_at", read_time);
}

session_snapshot read_bfd_session(json_reader from) {
    session_snapshot read;
    if (!read_version(from.member("version"), session_snapshot::current_version))
        return read;
    read.state = from.member("state").choice(bfd_states);
    read.diagnostic = read_diagnostic(from.member("diagnostic"));
    read.local = from.member("discriminator").integer<bfd::discriminator>();
    read_bfd_history(from, read);
    read_bfd_intervals(from, read);
    read_bfd_remote(from.member("remote"), read);
    read_bfd_timers(from, read);
    return read;
}

} // namespace

json::object to_json(const session_snapshot& session) {
    const auto time = json_time<std::chrono::steady_clock>;
    return {
        {"version", session.version},
        {"state", name_of(session.state, bfd_states)},
        {"diagnostic", static_cast<unsigned>(session.diagnostic)},
        {"discriminator", session.local},
        {"since", json_time(session.since)},
        {"transitions", session.transitions},
        {"sent", session.sent},
        {"received", session.received},
        {"dropped", dropped_to_json(session.dropped)},
        {"desired_min_tx_microseconds", interval_to_json(session.desired_min_tx)},
        {"required_min_rx_microseconds", interval_to_json(session.required_min_rx)},
        {"earlier_min_tx_microseconds", json_nullable(session.earlier_min_tx, interval_to_json)},
        {"earlier_min_rx_microseconds", json_nullable(session.earlier_min_rx, interval_to_json)},
        {"polling", session.polling},
        {"settling", session.settling},
        {"remote", bfd_remote_to_json(session)},
        {"heard_at", json_nullable(session.heard_at, time)},
        {"sent_at", json_time(session.sent_at)},
        {"jitter_millionths", session.jitter},
        {"jitter_seed", session.jitter_seed},
        {"silent_at", json_nullable(session.silent_at, time)},
        {"send_sequence", session.send_sequence},
        {"received_sequence",
         json_nullable(session.received_sequence, [](auto number) { return number; })},
        {"forget_sequence_at", json_nullable(session.forget_sequence_at, time)}};
}

std::expected<session_snapshot, std::string> bfd_from_json(const json::value& value) {
    json_document document(value);
    auto read = document.result(read_bfd_session(document.root()));
    if (!read)
        return read;
    if (auto fault = bfd::find_fault(*read))
        return std::unexpected(std::move(*fault));
    return read;
}

} // namespace herald::handover
