#include "connection_json.hpp"

#include <boost/json.hpp>

namespace herald::handover {

namespace {

namespace json = boost::json;
using bgp::direction;
using bgp::session_state;
using bgp::session_timer;

constexpr json_names<net::address_family, 2> family_names{
    {{"ipv4", net::address_family::ipv4}, {"ipv6", net::address_family::ipv6}}};
constexpr json_names<direction, 2> directions{
    {{"dialled", direction::dialled}, {"accepted", direction::accepted}}};
/// Those with TCP.
constexpr json_names<session_state, 3> states{{{"open_sent", session_state::open_sent},
                                               {"open_confirm", session_state::open_confirm},
                                               {"established", session_state::established}}};
constexpr json_names<session_timer, bgp::session_timer_count> timers{
    {{"connect_retry", session_timer::connect_retry},
     {"hold", session_timer::hold},
     {"keepalive", session_timer::keepalive},
     {"send_hold", session_timer::send_hold}}};

constexpr std::size_t longest_interface_name = 64;
/// An unfinished message.
constexpr std::size_t longest_input = wire::max_extended_message_size;
/// The rest of one with routes, and KEEPALIVEs until the send hold timer has had enough.
constexpr std::size_t longest_output = 2 * wire::max_extended_message_size;
/// So many entries of four octets has a capability, RFC 4724 §3.
constexpr std::size_t most_restart_entries = 63;

json::value restart_to_json(const wire::graceful_restart_capability& capability) {
    json::array entries;
    for (const auto& entry : capability.entries)
        entries.push_back(json::object{
            {"afi", entry.afi}, {"safi", entry.safi}, {"forwarding", entry.forwarding}});
    return json::object{{"restarted", capability.restarted},
                        {"notification", capability.notification},
                        {"restart_time", capability.restart_time},
                        {"entries", std::move(entries)}};
}

wire::graceful_restart_capability read_restart(json_reader from) {
    wire::graceful_restart_capability read;
    read.restarted = from.member("restarted").boolean();
    read.notification = from.member("notification").boolean();
    read.restart_time = from.member("restart_time").integer<std::uint16_t>(0, 4095);
    for (const auto entry : from.member("entries").elements(most_restart_entries))
        read.entries.push_back({entry.member("afi").integer<std::uint16_t>(),
                                entry.member("safi").integer<std::uint8_t>(),
                                entry.member("forwarding").boolean()});
    return read;
}

json::value format_to_json(const wire::update_format& format) {
    return json::object{{"four_octet_as", format.four_octet_as},
                        {"internal", format.internal},
                        {"extended_next_hop", format.extended_next_hop},
                        {"max_size", format.max_size}};
}

wire::update_format read_format(json_reader from) {
    return {.four_octet_as = from.member("four_octet_as").boolean(),
            .internal = from.member("internal").boolean(),
            .extended_next_hop = from.member("extended_next_hop").boolean(),
            .max_size =
                from.member("max_size")
                    .integer<std::size_t>(wire::max_message_size, wire::max_extended_message_size)};
}

json::value session_to_json(const bgp::negotiated_session& session) {
    return json::object{
        {"peer_as", session.peer_as},
        {"peer_identifier", session.peer_identifier},
        {"hold_time_seconds", session.hold_time.count()},
        {"keepalive_milliseconds", session.keepalive.count()},
        {"families", families_to_json(session.families)},
        {"format", format_to_json(session.format)},
        {"extended_message", session.extended_message},
        {"route_refresh", session.route_refresh},
        {"enhanced_route_refresh", session.enhanced_route_refresh},
        {"graceful_restart", session.graceful_restart},
        {"graceful_notification", session.graceful_notification},
        {"peer_graceful_restart", json_nullable(session.peer_graceful_restart, restart_to_json)},
        {"peer_role", json_nullable(session.peer_role, [](auto role) { return role; })}};
}

bgp::negotiated_session read_session(json_reader from) {
    using namespace std::chrono_literals;
    bgp::negotiated_session read;
    read.peer_as = from.member("peer_as").integer<std::uint32_t>();
    read.peer_identifier = from.member("peer_identifier").integer<std::uint32_t>();
    read.hold_time = from.member("hold_time_seconds").duration<std::chrono::seconds>(0s, 65535s);
    read.keepalive =
        from.member("keepalive_milliseconds").duration<std::chrono::milliseconds>(0s, 65535s);
    read.families = read_families(from.member("families"));
    read.format = read_format(from.member("format"));
    read.extended_message = from.member("extended_message").boolean();
    read.route_refresh = from.member("route_refresh").boolean();
    read.enhanced_route_refresh = from.member("enhanced_route_refresh").boolean();
    read.graceful_restart = from.member("graceful_restart").boolean();
    read.graceful_notification = from.member("graceful_notification").boolean();
    read.peer_graceful_restart = read_nullable(from, "peer_graceful_restart", read_restart);
    read.peer_role = read_nullable(from, "peer_role",
                                   [](json_reader role) { return role.integer<std::uint8_t>(); });
    return read;
}

json::value beside_to_json(const bgp::interface_addresses& beside) {
    return json::object{{"name", json_text(beside.name)},
                        {"ipv4", json_nullable(beside.ipv4, json_address)},
                        {"ipv6", json_nullable(beside.ipv6, json_address)},
                        {"link_local", json_nullable(beside.link_local, json_address)},
                        {"unreadable", json_error(beside.unreadable)}};
}

bgp::interface_addresses read_beside(json_reader from) {
    return {.name = from.member("name").text(longest_interface_name),
            .ipv4 = read_nullable(from, "ipv4", read_address_v4),
            .ipv6 = read_nullable(from, "ipv6", read_address_v6),
            .link_local = read_nullable(from, "link_local", read_address_v6),
            .unreadable = read_error(from.member("unreadable"))};
}

json::value fsm_to_json(const bgp::fsm_snapshot& fsm) {
    return json::object{{"state", name_of(fsm.state, states)},
                        {"session", json_nullable(fsm.session, session_to_json)}};
}

bgp::fsm_snapshot read_fsm(json_reader from) {
    bgp::fsm_snapshot read;
    read.state = from.member("state").choice(states);
    read.session = read_nullable(from, "session", read_session);
    return read;
}

} // namespace

json::value families_to_json(net::family_set families) {
    json::array names;
    for (const auto& [name, family] : family_names)
        if (families.contains(family))
            names.push_back(json::string(name));
    return names;
}

net::family_set read_families(json_reader from) {
    net::family_set families;
    for (const auto each : from.elements(family_names.size()))
        families.insert(each.choice(family_names));
    return families;
}

json::value notification_to_json(const wire::notification& value) {
    return json::object{{"code", static_cast<std::uint8_t>(value.code)},
                        {"subcode", value.subcode},
                        {"data", json_octets(value.data)}};
}

wire::notification read_notification(json_reader from) {
    return {static_cast<wire::error_code>(from.member("code").integer<std::uint8_t>()),
            from.member("subcode").integer<std::uint8_t>(),
            from.member("data").octets(wire::max_extended_message_size)};
}

/// Just the timers that run have deadlines.
json::value connection_to_json(const bgp::connection_snapshot& one) {
    json::object deadlines;
    for (const auto& [name, timer] : timers)
        deadlines[name] = json_nullable(one.deadlines[static_cast<std::size_t>(timer)],
                                        json_time<std::chrono::steady_clock>);
    return json::object{{"id", one.id},
                        {"opened_by", name_of(one.opened_by, directions)},
                        {"fsm", fsm_to_json(one.fsm)},
                        {"local_address", json_address(one.local_address)},
                        {"beside", beside_to_json(one.beside)},
                        {"input", json_octets(one.input)},
                        {"output", json_octets(one.output)},
                        {"deadlines", std::move(deadlines)}};
}

bgp::connection_snapshot read_connection(json_reader from) {
    bgp::connection_snapshot read;
    read.id = from.member("id").integer<bgp::connection_id>();
    read.opened_by = from.member("opened_by").choice(directions);
    read.fsm = read_fsm(from.member("fsm"));
    read.local_address = read_address(from.member("local_address"));
    read.beside = read_beside(from.member("beside"));
    read.input = from.member("input").octets(longest_input);
    read.output = from.member("output").octets(longest_output);
    const auto deadlines = from.member("deadlines");
    for (const auto& [name, timer] : timers) {
        const auto index = static_cast<std::size_t>(timer);
        read.deadlines[index] = read_nullable(
            deadlines, name, [](json_reader deadline) { return deadline.steady_time(); });
        read.fsm.running[index] = read.deadlines[index].has_value();
    }
    return read;
}

} // namespace herald::handover
